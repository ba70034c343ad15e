import { count } from '../../base/count.ts';
import type { Deadline } from '../../base/deadline.ts';
import { gather } from '../../base/gather.ts';
import { localTime } from '../../base/local-time.ts';
import { knownLabels, leftovers } from '../../catalog/leftovers.ts';
import { listRebuilt, oldestOf } from '../../catalog/rebuilt.ts';
import { setLines } from '../../catalog/set-lines.ts';
import type { StateFolder } from '../../catalog/state-folder.ts';
import { listRuns } from '../../catalog/store.ts';
import type { ArraySnapshot, CutLabel, Finding, SetId } from '../../model.ts';
import type { ArrayDriver } from '../../ports.ts';

/** The look at a run's start is short: what it cannot see in this time, it says. */
export const LOOK_MS = 10_000;

/**
 * Looks for what earlier runs may have left, and for snapshots of our form that nobody here knows. Read-only: says what
 * it sees, removes nothing.
 */
export async function lookForLeftovers(
  state: StateFolder,
  drivers: readonly ArrayDriver[],
  running: ReadonlySet<SetId>,
  limit: Deadline,
): Promise<readonly Finding[]> {
  const sets = await setLines(state);
  const runs = await listRuns(state);
  const open = leftovers(sets, runs, running);
  const known = new Set([...knownLabels(sets, runs), ...(await listRebuilt(state)).map(({ id }) => id)]);
  const answers = await gather(drivers, (driver) => driver.findAll(limit));
  return drivers.flatMap((driver, index): readonly Finding[] => {
    const answer = answers[index];
    const subject = `array ${driver.id}`;
    if (answer?.ok !== true) {
      const message = `it could not be looked for leftovers: ${answer?.fault.message ?? 'not asked'}`;
      return [{ code: 'look.failed', severity: 'warning', subject, message }];
    }
    const ours = open.flatMap((leftover) => {
      const there = answer.value.filter((snapshot) => snapshot.label === leftover.label);
      if (leftover.array !== driver.id || there.length === 0) return [];
      return [
        {
          code: 'look.leftover',
          severity: 'warning' as const,
          subject,
          message: `${count(there.length, 'snapshot')} of run ${leftover.run} ${there.length === 1 ? 'is' : 'are'} still there (${leftover.why}): ${there.map(({ name }) => name).join(', ')}`,
          hint: `To see why: stillpoint show ${leftover.run}. To bring that run to its end: stillpoint mend. To remove what it left, whatever it is: stillpoint remove ${leftover.run}`,
        },
      ];
    });
    return [...ours, ...foreignFinding(subject, answer.value, known)];
  });
}

/** Another state folder's, as far as anybody here can tell: said with its age, and left alone. */
function foreignFinding(
  subject: string,
  there: readonly ArraySnapshot[],
  known: ReadonlySet<CutLabel>,
): readonly Finding[] {
  const foreign = there.filter(({ label }) => !known.has(label));
  if (foreign.length === 0) return [];
  const labels = new Set(foreign.map(({ label }) => label)).size;
  const oldest = oldestOf(foreign);
  const since = oldest === undefined ? '' : `; the oldest is of ${localTime(new Date(oldest))}`;
  return [
    {
      code: 'look.foreign',
      severity: 'note',
      subject,
      message: `${count(foreign.length, 'snapshot')} under ${labels === 1 ? '1 label' : `${labels} labels`} ${foreign.length === 1 ? 'has' : 'have'} the form of ours, and this state folder does not know ${foreign.length === 1 ? 'it' : 'them'}${since}`,
      hint: 'Taken with another state folder or machine? They are left alone. To see them: stillpoint mend --dry-run',
    },
  ];
}
