import { beforeDeadline, type Deadline } from '../../base/deadline.ts';
import { gather } from '../../base/gather.ts';
import type { SetId, VmName } from '../../model.ts';
import { GUESTS_AT_ONCE } from '../survey.ts';
import type { OpenRun } from './cases.ts';
import type { MendParts } from './parts.ts';

export interface AskedGuest {
  readonly vm: VmName;
  readonly run: SetId;
  /** `gone`: it is no longer in the topology. */
  readonly is: 'writing' | 'not-writing' | 'not-asked' | 'gone';
  readonly text: string;
}

/** A guest that takes no write answers within three seconds; one that cannot be reached at all is given this. */
const GUEST_MS = 10_000;

/** Each guest once, side by side, before anything else is asked. One that may stand still is told of at once. */
export async function askGuests(
  parts: MendParts,
  open: readonly OpenRun[],
  limit: Deadline,
): Promise<ReadonlyMap<VmName, AskedGuest>> {
  const runs = new Map(open.flatMap(({ run, guests }) => guests.map((vm) => [vm, run.id] as const)));
  if (runs.size > 0) {
    const message = 'release not confirmed; asked now whether it is still held';
    const finding = {
      code: 'guest.in-doubt',
      severity: 'warning',
      subject: `${runs.size === 1 ? 'guest' : 'guests'} ${[...runs.keys()].join(', ')}`,
      message,
    } as const;
    parts.emit({ type: 'finding', finding });
  }
  const asked = await gather(
    [...runs],
    async ([vm, run]) => {
      const guest = await askGuest(parts, vm, run, limit);
      if (mayStandStill(guest)) parts.emit({ type: 'may-be-held', vms: [vm], message: guest.text });
      return guest;
    },
    GUESTS_AT_ONCE,
  );
  return new Map(asked.flatMap((one) => (one.ok ? [[one.value.vm, one.value] as const] : [])));
}

export async function askGuest(parts: MendParts, vm: VmName, run: SetId, limit: Deadline): Promise<AskedGuest> {
  const side = parts.guests.get(vm);
  if (side === undefined) {
    const text = `guest ${vm} could not be asked whether it writes: it is no longer in the topology`;
    return { vm, run, is: 'gone', text };
  }
  if (side.quiescers.length === 0) {
    const text = `guest ${vm} could not be asked whether it is still held: the topology no longer has a method that holds it`;
    return { vm, run, is: 'not-asked', text };
  }
  const time = limit.within(GUEST_MS, `asking guest ${vm} whether it is still held`);
  const answers = await gather(side.quiescers, async (quiescer) => {
    const held = await beforeDeadline(quiescer.isHeld(side.guest, time), time);
    return { held, remedy: quiescer.remedy(held.slice(0, MOST_SHOWN)) };
  });
  time.done();
  const said = answers.flatMap((answer) => (answer.ok ? [answer.value] : []));
  const held = said.flatMap((one) => one.held);
  if (held.length > 0) {
    const commands = said.flatMap(({ remedy }) => remedy);
    return { vm, run, is: 'not-writing', text: heldText(vm, held, commands) };
  }
  const failed = answers.find((answer) => !answer.ok);
  if (failed?.ok !== false) return { vm, run, is: 'writing', text: `guest ${vm} writes` };
  const { message, hint = '' } = failed.fault;
  const remedy = hint === '' || hint.includes('\n') ? '' : `. ${hint}`;
  const text = `guest ${vm} could not be asked whether it is still held: ${message}; it may still be held${remedy}`;
  return { vm, run, is: 'not-asked', text };
}

function heldText(vm: VmName, held: readonly string[], commands: readonly string[]): string {
  const shown = held.slice(0, MOST_SHOWN);
  const more = held.length > shown.length ? ` and ${held.length - shown.length} more` : '';
  const what = held.every((one) => one.startsWith('/')) ? 'it takes no write on ' : '';
  return `guest ${vm} may still be held: ${what}${shown.join(', ')}${more}; on ${vm}: ${commands.join('; ')}`;
}

const MOST_SHOWN = 10;

export function mayStandStill({ is }: AskedGuest): boolean {
  return is === 'not-writing' || is === 'not-asked';
}
