import type { SetId, VmName, WindowRecord } from '../model.ts';
import { mayHaveOpened } from './journal.ts';
import type { RunEntry } from './store.ts';

/** Guests to which a hold was sent, and whose word that they were let go is missing. */
export function mayBeHeld(record: WindowRecord): readonly VmName[] {
  return [
    ...new Set(
      record.holds.filter(({ release }) => release === undefined || release === 'unknown').map(({ vm }) => vm),
    ),
  ];
}

/** Whoever may have been sent a hold by this run, has not said that it let go, and has not been seen to write since. */
export function inDoubt({ record }: RunEntry): readonly VmName[] {
  const { intent, entries, window, result } = record;
  const written = new Set(entries.flatMap((entry) => (entry.type === 'writes' ? [entry.vm] : [])));
  const all = (intent?.guests ?? []).filter(({ methods }) => methods.some((method) => method !== 'none'));
  const asked =
    result?.mayBeHeld ??
    (window === undefined ? (mayHaveOpened(record) ? all.map(({ vm }) => vm) : []) : mayBeHeld(window));
  return asked.filter((vm) => !written.has(vm));
}

/** The same of all these runs; not of a guest that a later one has held, and that then said it had let go. */
export function guestsInDoubt(
  runs: readonly RunEntry[],
): readonly { readonly run: SetId; readonly vms: readonly VmName[] }[] {
  const isFree = (vm: VmName, since: Date): boolean =>
    runs.some(({ startedAt, record }) => {
      const holds = record.window?.holds.filter((hold) => hold.vm === vm) ?? [];
      return (
        startedAt > since &&
        holds.length > 0 &&
        holds.every(({ release }) => release === 'kept' || release === 'written')
      );
    });
  return runs.map((run) => ({ run: run.id, vms: inDoubt(run).filter((vm) => !isFree(vm, run.startedAt)) }));
}
