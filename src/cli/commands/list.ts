import { EXIT } from '../../base/fault.ts';
import { listRebuilt } from '../../catalog/rebuilt.ts';
import { runningRuns } from '../../catalog/running.ts';
import { listRuns, listSets } from '../../catalog/store.ts';
import { rebuiltListLines, rebuiltSummaries } from '../../ui/rebuilt.ts';
import { runListDocument, runListLines } from '../../ui/run.ts';
import { setListDocument, setListLines } from '../../ui/set.ts';
import { knownTopology, openCatalog } from '../session.ts';
import type { Command } from '../verb.ts';

interface Flags {
  readonly runs?: true;
  readonly all?: true;
}

export const listCommand: Command<Flags> = {
  name: 'list',
  argument: '[group]',
  summary: 'the sets that there are, newest first',
  flags: [
    ['--runs', 'every run instead, also those that made no set'],
    ['--all', 'sets that were removed, too'],
  ],
  async run(session, [group], flags) {
    const { output, paint } = session;
    const { state, locks } = await openCatalog(session, await knownTopology(session));
    const wanted = <T extends { readonly group: string }>(entries: readonly T[]): readonly T[] =>
      entries.filter((entry) => group === undefined || entry.group === group);
    if (flags.runs === true) {
      const running = await runningRuns(locks);
      const runs = wanted(await listRuns(state));
      output.document(runListLines(runs, running, paint), runListDocument(runs, running));
      return EXIT.done;
    }
    const sets = wanted(await listSets(state)).filter((set) => flags.all === true || set.state !== 'removed');
    // Of which group a rebuilt one is, nobody knows: it is shown where no group is asked for.
    const rebuilt = (group === undefined ? await listRebuilt(state) : []).filter(
      (entry) => flags.all === true || entry.state !== 'removed',
    );
    output.document([...setListLines(sets, paint), ...rebuiltListLines(rebuilt, paint)], {
      ...setListDocument(sets),
      rebuilt: rebuiltSummaries(rebuilt),
    });
    return EXIT.done;
  },
};
