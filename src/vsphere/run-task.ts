import { type Clock, sleep } from '../base/clock.ts';
import type { Deadline } from '../base/deadline.ts';
import { Fault } from '../base/fault.ts';
import { quoted } from '../base/quoted.ts';
import type { Vsphere } from './client.ts';
import { asRef, child, type Ref, text } from './element.ts';
import { faultClass } from './faults.ts';
import { type Found, insistOnAll, isGone, readThese } from './properties.ts';
import type { Element } from './xml.ts';

/**
 * A task that vSphere answered with a fault. `kind` is the class of that fault, 'ApplicationQuiesceFault': its words
 * differ with version and language.
 */
export class TaskFault extends Fault {
  readonly kind: string;

  constructor(kind: string, message: string) {
    super({ code: 'vsphere.task-failed', message });
    this.kind = kind;
  }
}

const FIRST_LOOK_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Starts a task and waits for its end. Asks for the state again and again rather than waiting in the server: a waiting
 * call takes one of the few connections away from everybody else.
 *
 * The task itself goes on where the deadline ends the wait, or where the answer to its start was lost: whoever calls
 * must look for what it made.
 *
 * @returns the task's result; undefined where it has none
 * @throws TaskFault when vSphere says that the task failed
 */
export async function runTask(
  vsphere: Vsphere,
  clock: Clock,
  self: Ref,
  method: string,
  args: readonly string[],
  limit: Deadline,
): Promise<Element | undefined> {
  const started = await vsphere.call(self, method, args, limit);
  const task = asRef(child(started, 'returnval'));
  if (task === undefined) {
    throw new Fault({ code: 'vsphere.malformed', message: `${vsphere.host}: ${method} answered no task` });
  }
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const info = await taskInfo(vsphere, task, method, limit);
    const state = text(info, 'state');
    if (state === 'success') return child(info, 'result');
    if (state === 'error') throw taskFault(vsphere, method, info);
    await sleep(clock, pauseMs, limit.signal);
    limit.signal.throwIfAborted();
  }
}

async function taskInfo(vsphere: Vsphere, task: Ref, method: string, limit: Deadline): Promise<Element | undefined> {
  let info: Element | undefined;
  const receive = (found: Found): void => {
    if (isGone(found)) {
      throw new Fault({
        code: 'vsphere.task-gone',
        message: `${vsphere.host}: the task of ${method} is no longer there: its outcome is not known`,
      });
    }
    info = insistOnAll(found, `task of ${method}`, vsphere).values.get('info');
  };
  await readThese(vsphere, { type: 'Task', paths: ['info'] }, [task], receive, limit);
  return info;
}

function taskFault({ host }: Vsphere, method: string, info: Element | undefined): TaskFault {
  const error = child(info, 'error');
  const kind = faultClass(child(error, 'fault'));
  const said = quoted(text(error, 'localizedMessage')?.trim() ?? '');
  const what = [kind, said].filter((part) => part !== '').join(': ');
  return new TaskFault(kind, `${host}: ${method} failed${what === '' ? '' : `: ${what}`}`);
}
