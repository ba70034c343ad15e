import { join } from 'node:path';
import { EXIT, Fault } from '../base/fault.ts';
import type { SetId } from '../model.ts';
import { inDoubt } from './in-doubt.ts';
import { type RunRecord, readResult, readRun } from './journal.ts';
import { newestFirst, parseSetId, type SetName } from './names.ts';
import { readSet, type SetEntry } from './set-entry.ts';
import { runsFolder, type StateFolder, setsFolder } from './state-folder.ts';

/** A run as its folder tells. `unfinished`: it is still going on, or it ended without a word. */
export interface RunEntry extends SetName {
  readonly state: 'good' | 'weak' | 'failed' | 'unfinished';
  readonly record: RunRecord;
}

/** All sets, those that are removed too, newest first. A folder without a manifest never became a set. */
export async function listSets(state: StateFolder): Promise<readonly SetEntry[]> {
  const entries: SetEntry[] = [];
  for (const group of await state.files.list(setsFolder(state))) {
    for (const name of await namesIn(state, join(setsFolder(state), group))) {
      const entry = name.group === group ? await readSet(state, name) : undefined;
      if (entry !== undefined) entries.push(entry);
    }
  }
  return entries.sort(newestFirst);
}

/** All runs, newest first. */
export async function listRuns(state: StateFolder): Promise<readonly RunEntry[]> {
  const entries: RunEntry[] = [];
  for (const name of await runNames(state)) entries.push(await readRunEntry(state, name));
  return entries;
}

/** The same by their names alone. */
export async function runNames(state: StateFolder): Promise<readonly SetName[]> {
  return [...(await namesIn(state, runsFolder(state)))].sort(newestFirst);
}

export async function readRunEntry(state: StateFolder, name: SetName): Promise<RunEntry> {
  return entryOf(name, await readRun(state, name.id));
}

/**
 * The same for a look at how things stand: of a run that made a set, and whose result leaves no guest in doubt, no more than
 * that is read. Nothing else is asked of it, unless another one left a guest in doubt.
 */
export async function runsAtAGlance(state: StateFolder, hasSet: (run: SetId) => boolean): Promise<readonly RunEntry[]> {
  const entries: RunEntry[] = [];
  for (const name of await runNames(state)) {
    const result = hasSet(name.id) ? await readResult(state, name.id) : undefined;
    const isOver = result !== undefined && result.mayBeHeld.length === 0;
    const record = isOver ? { run: name.id, entries: [], faults: [], result } : await readRun(state, name.id);
    entries.push(entryOf(name, record));
  }
  // A later run of any group may tell what has become of a guest: by its window.
  return entries.some((entry) => inDoubt(entry).length > 0) ? listRuns(state) : entries;
}

function entryOf(name: SetName, record: RunRecord): RunEntry {
  return { ...name, state: record.result?.state ?? 'unfinished', record };
}

/** The one whose id is `wanted`, or begins with it. Also for runs, which are named like their sets. */
export function pick<T extends { readonly id: string }>(entries: readonly T[], wanted: string, noun: 'set' | 'run'): T {
  const exact = entries.find((entry) => entry.id === wanted);
  const candidates = wanted === '' ? [] : entries.filter((entry) => entry.id.startsWith(wanted));
  const [only, second] = candidates;
  if (exact !== undefined) return exact;
  if (only !== undefined && second === undefined) return only;
  const list = noun === 'set' ? 'stillpoint list' : 'stillpoint list --runs';
  if (only === undefined) {
    throw new Fault({
      code: `catalog.no-such-${noun}`,
      message: `no ${noun} is named ${wanted}, or begins with it`,
      hint: `To see them all: ${list}`,
      exit: EXIT.usage,
    });
  }
  const shown = candidates.slice(0, SHOWN_CANDIDATES).map((entry) => entry.id);
  const more = candidates.length > shown.length ? ` and ${candidates.length - shown.length} more` : '';
  throw new Fault({
    code: `catalog.ambiguous-${noun}`,
    message: `${wanted} is the beginning of ${candidates.length} ${noun}s: ${shown.join(', ')}${more}`,
    hint: 'Write more of it.',
    exit: EXIT.usage,
  });
}

const SHOWN_CANDIDATES = 5;

async function namesIn(state: StateFolder, folder: string): Promise<readonly SetName[]> {
  return (await state.files.list(folder)).flatMap((name) => parseSetId(name) ?? []);
}
