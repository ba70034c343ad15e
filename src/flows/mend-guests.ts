import { beforeDeadline, type Deadline } from '../base/deadline.ts';
import { gather, settle } from '../base/gather.ts';
import { pasted } from '../base/shell-word.ts';
import type { SetId, VmName } from '../model.ts';
import type { OpenRun } from './mend-cases.ts';
import type { MendParts } from './mend-parts.ts';
import { GUESTS_AT_ONCE } from './survey.ts';

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
    const message = 'did not confirm their release; they are asked whether they write';
    const finding = {
      code: 'guest.in-doubt',
      severity: 'warning',
      subject: `guests ${[...runs.keys()].join(', ')}`,
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
  const time = limit.within(GUEST_MS, `asking guest ${vm} whether it writes`);
  const answer = await settle(() => beforeDeadline(parts.unwritable(side.guest, time), time));
  time.done();
  if (!answer.ok) {
    const { message, hint = '' } = answer.fault;
    const remedy = hint === '' || hint.includes('\n') ? '' : `. ${hint}`;
    const text = `guest ${vm} could not be asked whether it writes: ${message}; it may still be held${remedy}`;
    return { vm, run, is: 'not-asked', text };
  }
  if (answer.value.length === 0) return { vm, run, is: 'writing', text: `guest ${vm} writes` };
  return { vm, run, is: 'not-writing', text: standingText(vm, answer.value) };
}

function standingText(vm: VmName, mounts: readonly string[]): string {
  const shown = mounts.slice(0, MOUNTS_SHOWN);
  const more = mounts.length > shown.length ? ` and ${mounts.length - shown.length} more` : '';
  const thaw = shown.map((mount) => pasted(['fsfreeze', '--unfreeze', mount])).join('; ');
  return `guest ${vm} may still be held: it takes no write on ${shown.join(', ')}${more}; on ${vm}: ${thaw}`;
}

const MOUNTS_SHOWN = 10;

export function mayStandStill({ is }: AskedGuest): boolean {
  return is === 'not-writing' || is === 'not-asked';
}
