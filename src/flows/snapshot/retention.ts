import { deadline } from '../../base/deadline.ts';
import { asFault } from '../../base/fault.ts';
import { parseSetId } from '../../catalog/names.ts';
import { pruneRuns } from '../../catalog/prune-runs.ts';
import { retire } from '../../catalog/retention.ts';
import { runningRuns } from '../../catalog/running.ts';
import { readSet, type SetEntry, type SetLine } from '../../catalog/set-entry.ts';
import { setLines } from '../../catalog/set-lines.ts';
import type { StateFolder } from '../../catalog/state-folder.ts';
import { removeSet } from '../undo/take-back.ts';
import { remainsText } from './report.ts';
import type { RunParts } from './run-parts.ts';

/** `keep.last`, after a good run and outside any window. What fails here is told, and changes no exit code. */
export async function applyRetention(parts: RunParts): Promise<void> {
  const { state, group, clock, interrupt } = parts;
  const limit = deadline(clock, parts.timeoutMs, 'removing old sets');
  const tell = (subject: string, message: string): void =>
    parts.emit({ type: 'finding', finding: { code: 'retention.left', severity: 'warning', subject, message } });
  parts.emit({ type: 'step', step: 'retention' });
  try {
    const byDate = (await setLines(state, group.name)).filter((set) => set.state !== 'removed');
    const isOwn = ({ id }: SetLine): boolean => id === parts.run;
    const [newest] = byDate;
    if (newest !== undefined && !isOwn(newest))
      tell(`set ${newest.id}`, 'it is dated after this run: a clock that went back, or a run that overtook this one');
    // What was just taken is the newest, whatever the dates say.
    const sets = [...byDate.filter(isOwn), ...byDate.filter((set) => !isOwn(set))];
    const rules = {
      ...(group.keep === undefined ? {} : { keepLast: group.keep.last }),
      weak: group.weak,
    };
    // An index has only the say that nothing goes. What goes, and after how many that stay, is read.
    const read = retire(sets, rules).length === 0 ? [] : await readAgain(state, sets);
    for (const { id, because } of retire(read, rules)) {
      const set = read.find((entry) => entry.id === id);
      if (interrupt.aborted) break;
      if (set === undefined || set.state === 'unreadable') continue;
      const remains = await removeSet(parts, state, parts.drivers, set.manifest, because, limit);
      for (const left of remains) tell(`set ${id}`, remainsText(left));
      // Its other sets would wait for the same answer; the next run goes on with them.
      if (remains.some(({ silent }) => silent === true)) break;
    }
    await pruneRuns(state, await runningRuns(parts.locks));
  } catch (thrown) {
    tell(`group ${group.name}`, `old sets could not all be looked through: ${asFault(thrown).message}`);
  } finally {
    limit.done();
  }
}

async function readAgain(state: StateFolder, sets: readonly SetLine[]): Promise<readonly SetEntry[]> {
  const entries: SetEntry[] = [];
  for (const { id } of sets) {
    const name = parseSetId(id);
    const entry = name === undefined ? undefined : await readSet(state, name);
    if (entry !== undefined && entry.state !== 'removed') entries.push(entry);
  }
  return entries;
}
