import type { Deadline } from '../base/deadline.ts';
import { Fault } from '../base/fault.ts';
import type { Vsphere } from './client.ts';
import { children, type Ref, refId, refType, text } from './element.ts';
import { branch, escaped, leaf } from './xml.ts';

/** Taking it may last this long: a quiesced guest is waited for. */
const TAKING_MS = 15 * 60_000;
/** The task's clock and the snapshot's are the same server's, but not the same line of its log. */
const SLACK_MS = 10_000;
/** The year 9999: XML's dates have four digits. */
const LATEST_MS = Date.UTC(9999);

/**
 * Who asked for a VMware snapshot, from the events of its VM; the snapshot itself does not say. Undefined where the
 * events are gone, or the login may not read them: nothing depends on it but a sentence.
 *
 * @param createdAt as the server writes it
 */
export async function snapshotCreator(
  vsphere: Pick<Vsphere, 'content' | 'call'>,
  vm: Ref,
  createdAt: string,
  limit: Deadline,
): Promise<string | undefined> {
  const at = Date.parse(createdAt);
  const { eventManager } = vsphere.content;
  // The edge of what a Date can say is no time of a snapshot.
  if (eventManager === undefined || Number.isNaN(at) || Math.abs(at) > LATEST_MS) return undefined;
  const filter = branch('filter', [
    branch('entity', [
      `<entity type="${escaped(refType(vm))}">${escaped(refId(vm))}</entity>`,
      leaf('recursion', 'self'),
    ]),
    branch('time', [
      leaf('beginTime', new Date(at - TAKING_MS).toISOString()),
      leaf('endTime', new Date(at + SLACK_MS).toISOString()),
    ]),
  ]);
  try {
    const answer = await vsphere.call(eventManager, 'QueryEvents', [filter], limit);
    const users = children(answer, 'returnval')
      .filter((event) => /createSnapshot/i.test(text(event, 'info', 'descriptionId') ?? ''))
      .toSorted((a, b) => ((text(a, 'createdTime') ?? '') < (text(b, 'createdTime') ?? '') ? -1 : 1))
      .flatMap((event) => text(event, 'userName') ?? []);
    return users.findLast((user) => user !== '');
  } catch (error) {
    if (error instanceof Fault && /^vsphere\.(fault|no-permission|gone)$/.test(error.code)) return undefined;
    throw error;
  }
}
