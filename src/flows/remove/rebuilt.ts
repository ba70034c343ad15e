import { EXIT, Fault } from '../../base/fault.ts';
import { ownerOf } from '../../catalog/leftovers.ts';
import type { RebuiltEntry, RebuiltSet } from '../../catalog/rebuilt.ts';
import type { SetEntry } from '../../catalog/set-entry.ts';
import type { RunEntry } from '../../catalog/store.ts';
import type { CutLabel, SetId } from '../../model.ts';

/** Only what a person has adopted, and what nobody else here has: a state folder that was put back may know it. */
export function adoptedSet(
  entry: RebuiltEntry,
  sets: readonly SetEntry[],
  runs: readonly RunEntry[],
): { readonly id: CutLabel; readonly set: RebuiltSet } {
  const { id } = entry;
  if (entry.state === 'unreadable') throw unreadableRebuilt(id, entry.why);
  if (entry.state === 'rebuilt') throw notAdopted(id);
  const owner = ownerOf(id, sets, runs);
  if (owner !== undefined) throw ownedBySet(id, owner);
  return { id, set: entry.set };
}

function notAdopted(id: CutLabel): Fault {
  return new Fault({
    code: 'remove.not-adopted',
    message: `${id} was rebuilt from the arrays: that its snapshots are ours to remove stands nowhere`,
    hint: `If nobody else uses them: stillpoint mend --adopt ${id}`,
    exit: EXIT.usage,
  });
}

function unreadableRebuilt(id: CutLabel, why: string): Fault {
  return new Fault({
    code: 'remove.unreadable',
    message: `${id} cannot be removed, because its record cannot be believed: ${why}`,
    hint: 'To make it again from the arrays: stillpoint mend --rebuild',
    exit: EXIT.usage,
  });
}

function ownedBySet(id: CutLabel, owner: SetId): Fault {
  return new Fault({
    code: 'remove.known',
    message: `${id} is the label of ${owner}, which this state folder knows: it is not removed by its label`,
    hint: `To remove it: stillpoint remove ${owner}`,
    exit: EXIT.usage,
  });
}
