import type { ArraySnapshot, Manifest } from '../../../../src/model.ts';
import type { Deed } from '../deed.ts';
import { type Broken, broken, type SetSeen, type Story } from '../story.ts';
import type { World } from '../world.ts';

/** I7: nothing is sent twice, and what was answered after the release, or never, proves nothing. */
export function sentOnce({ world }: Story): readonly Broken[] {
  const keys = world.chronicle.fires.map(({ label, array, unit }) => `${label} ${array} ${unit}`);
  return keys
    .filter((key, index) => keys.indexOf(key) !== index)
    .map((key) => broken('I7', `${key} was sent more than once`));
}

export function provedInTime({ world }: Story, { id, manifest }: SetSeen): readonly Broken[] {
  const { fires, holds, cuts } = world.chronicle;
  const own = fires.filter(({ label, unit }) => label === manifest.label && unitsOf(world, manifest).has(unit));
  if (manifest.verdict.level === 'unproven' || own.length < 2) return [];
  const by = own[0]?.by;
  const released = holds.filter((hold) => hold.by === by).map(({ releaseSentAtMs }) => releaseSentAtMs ?? Infinity);
  const untilMs = Math.min(Infinity, ...released);
  return own
    .filter(({ unit, answer, answeredAtMs = Infinity }) => {
      const cut = cuts.find((one) => one.label === manifest.label && one.unit === unit);
      return (
        answer === undefined || answer === 'refused' || answeredAtMs > untilMs || (cut?.atMs ?? Infinity) > untilMs
      );
    })
    .map(({ unit }) => broken('I7', `set ${id} is proved by an answer of ${unit} that came too late, or never`));
}

/** The units that carry a disk of a VM which counts: what took an optional guest's alone proves nothing of the others. */
function unitsOf(world: World, { verdict }: Manifest): ReadonlySet<string> {
  const counted = verdict.vms.filter(({ aside }) => !aside).map(({ vm }) => vm);
  const vms = world.estate.vms.filter(({ name }) => counted.includes(name));
  const devices = vms.flatMap((vm) =>
    vm.disks.flatMap(({ address }) => world.vsphere.lay(vm.name, address, world.clock.now())),
  );
  return new Set(
    world.arrays.flatMap(({ volumes }) =>
      volumes.filter(({ device }) => devices.includes(device)).map(({ unit }) => unit),
    ),
  );
}

/** I8: a group of which something cannot be covered is never fired at. */
export function neverPartial({ world }: Story, deed: Deed): readonly Broken[] {
  const group = world.estate.groups.find(({ settings }) => settings.name === deed.group.name);
  if (group?.sound !== false) return [];
  return world.chronicle.fires
    .filter(({ by }) => by === deed.number)
    .map(({ unit }) => broken('I8', `${unit} was fired for group ${deed.group.name}, which cannot be covered`));
}

/** I4: only what a run of this machine made is removed; never, by itself, the last good set; never a pinned one. */
export function onlyOurs(story: Story, deed: Deed, setsBefore: readonly SetSeen[]): readonly Broken[] {
  const { chronicle } = story.world;
  const removals = chronicle.removals.filter(({ by }) => by === deed.number);
  return removals.flatMap(({ snapshot }) => {
    const { id, name, label } = snapshot;
    const maker = story.deeds.find(({ number }) => number === chronicle.labels.get(label)) ?? deed;
    const isMade = chronicle.cuts.some((cut) => cut.label === label && cut.made.includes(id));
    const set = setsBefore.find(({ manifest }) => manifest.snapshots.some((one) => one.id === id));
    return [
      ...(isMade ? [] : [broken('I4', `${deed.kind} ${deed.number} removed ${name} (${id}), which nobody here made`)]),
      ...(maker.machine === deed.machine ? [] : [broken('I4', `${name} of ${maker.machine.name} was removed`)]),
      ...(set?.pinned === true ? [broken('I4', `${name} of the pinned set ${set.id} was removed`)] : []),
      ...(set !== undefined && deed.kind !== 'remove' && isLastGood(story, set, deed)
        ? [broken('I4', `${deed.kind} ${deed.number} removed the last good set ${set.id}`)]
        : []),
    ];
  });
}

/** Before the deed, or made by it. */
function isLastGood({ sets }: Story, set: SetSeen, deed: Deed): boolean {
  const isOf = (one: SetSeen): boolean =>
    one.machine === set.machine && one.manifest.group === set.manifest.group && one.manifest.state === 'good';
  if (set.manifest.state !== 'good' || set.going) return false;
  const made = deed.end.how === 'snapshot' && deed.end.report.state === 'good';
  const later = sets.filter(isOf).slice(sets.filter(isOf).findIndex(({ id }) => id === set.id) + 1);
  return later.every(({ going, id }) => going && id !== deed.run) && !(made && set.id !== deed.run);
}

/** What others made stands as they left it. */
export function strangersStand({ world, strangers }: Story): readonly Broken[] {
  return strangers
    .filter((one) => !shown(world.arrays, one.array).some(({ name, id }) => name === one.name && id === one.id))
    .map(({ array, name }) => broken('I4', `${array}: ${name}, which is somebody else's, is gone`));
}

function shown(arrays: Story['world']['arrays'], id: string): readonly ArraySnapshot[] {
  return arrays.find((array) => array.id === id)?.snapshots() ?? [];
}
