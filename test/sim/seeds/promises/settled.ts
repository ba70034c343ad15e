import type { ArraySnapshot } from '../../../../src/model.ts';
import type { Deed } from '../deed.ts';
import { type Broken, broken, type SetSeen, type Story } from '../story.ts';

/**
 * I3, when everything has come that could come and each machine has mended: all of ours on the arrays is in exactly one
 * whole set, or the last `mend` has named it; and each set that stands is whole.
 *
 * @param last the last `mend` of each machine
 */
export function accountedFor(story: Story, last: readonly Deed[]): readonly Broken[] {
  const { world, sets, taken, strangers } = story;
  const standing = sets.filter(({ going }) => !going);
  const there = world.arrays.flatMap((array) => array.snapshots());
  const isStrange = ({ id }: ArraySnapshot): boolean => strangers.some((one) => one.id === id);
  const named = last.flatMap(({ end }) => (end.how === 'mended' ? end.report.left : []));
  return [
    ...there
      .filter((snapshot) => !isStrange(snapshot) && owners(standing, snapshot).length !== 1)
      .filter(({ name }) => owners(standing, { id: '' }).length > 0 || !named.some((line) => line.includes(name)))
      .map(({ array, name, id }) => broken('I3', `${array}: ${name} (${id}) is in no set, and nobody names it`)),
    ...standing.flatMap(({ id, manifest }) =>
      manifest.snapshots
        .filter((own) => !taken.has(own.id) && there.every((one) => one.id !== own.id))
        .map(({ name }) => broken('I3', `set ${id} stands, and its ${name} is gone`)),
    ),
    ...prepared(story, last),
  ];
}

function owners(sets: readonly SetSeen[], { id }: Pick<ArraySnapshot, 'id'>): readonly SetSeen[] {
  return sets.filter(({ manifest }) => manifest.snapshots.some((own) => own.id === id));
}

/** What `arm` made goes too, or somebody says that it stays. */
function prepared({ world, deeds }: Story, last: readonly Deed[]): readonly Broken[] {
  const named = last.flatMap(({ end }) => (end.how === 'mended' ? end.report.left : []));
  const told = deeds.flatMap(({ events }) =>
    events.flatMap((event) => (event.type === 'finding' ? [`${event.finding.subject} ${event.finding.message}`] : [])),
  );
  return world.arrays.flatMap((array) =>
    array
      .objects()
      .filter((name) => name.startsWith('group '))
      .filter(
        () => ![...named, ...told].some((line) => line.includes(`array ${array.id}`) && line.includes('prepared')),
      )
      .map((name) => broken('I3', `${array.id}: what was prepared stays (${name}), and nobody says so`)),
  );
}
