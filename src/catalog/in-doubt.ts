import type { VmName, WindowRecord } from '../model.ts';
import type { RunEntry } from './store.ts';

/** Guests to which a hold was sent, and whose word that they were let go is missing. */
export function mayBeHeld(record: WindowRecord): readonly VmName[] {
  return [
    ...new Set(
      record.holds.filter(({ release }) => release === undefined || release === 'unknown').map(({ vm }) => vm),
    ),
  ];
}

/**
 * Whoever may have been sent a hold by this run, has not said that it let go, and has not been seen to write since. A
 * torn journal may hide that the window was opened.
 */
export function inDoubt({ record }: RunEntry): readonly VmName[] {
  const { intent, entries, window, result, faults } = record;
  const written = new Set(entries.flatMap((entry) => (entry.type === 'writes' ? [entry.vm] : [])));
  const opened = faults.length > 0 || entries.some(({ type }) => type === 'opening');
  const all = (intent?.guests ?? []).filter(({ methods }) => methods.some((method) => method !== 'none'));
  const asked =
    result?.mayBeHeld ?? (window === undefined ? (opened ? all.map(({ vm }) => vm) : []) : mayBeHeld(window));
  return asked.filter((vm) => !written.has(vm));
}
