import { atLeast, type DiskRef, diskName, type Level, type Manifest } from '../../../../src/model.ts';
import { type JudgedDisk, type Still, type Truth, trueLevel } from '../../truth.ts';
import { type Broken, broken, type SetSeen, type Story } from '../story.ts';
import { volumesOf, type World } from '../world.ts';

/** I2: no set, VM or disk is called better than it is, and nothing of the group is left out. */
export function neverBetter(story: Story, set: SetSeen): readonly Broken[] {
  const { verdict, state, group } = set.manifest;
  const said = (what: string, level: Level, real: Level): readonly Broken[] =>
    atLeast(real, level) ? [] : [broken('I2', `set ${set.id}: ${what} is called ${level}, and is ${real}`)];
  const members = story.world.estate.groups.find(({ settings }) => settings.name === group)?.settings.members ?? [];
  const asides = verdict.vms.filter(({ aside }) => aside).map(({ vm }) => vm);
  const counted = countedIn(set.manifest);
  const image = imageOf(story.world, set.manifest);
  return [
    ...members
      .filter(({ vm }) => verdict.vms.every((one) => one.vm !== vm))
      .map(({ vm }) => broken('I8', `set ${set.id} leaves out ${vm}`)),
    ...asides
      .filter((vm) => members.some((one) => one.vm === vm && !one.optional))
      .map((vm) => broken('I2', `set ${set.id} puts ${vm} aside, which is not optional`)),
    ...(state === 'good' && (verdict.level === 'unproven' || counted.size === 0)
      ? [broken('I2', `set ${set.id} is called good, and proves nothing`)]
      : []),
    ...(counted.size === 0 ? [] : said('it', verdict.level, levelOf(image, counted))),
    ...verdict.vms.flatMap(({ vm, level }) => said(vm, level, levelOf(image, new Set([vm])))),
    ...verdict.disks.flatMap(({ ref, level }) => said(diskName(ref), level, diskLevel(image, ref))),
  ];
}

/** Complete: where nothing went wrong, it is called exactly what it is. */
export function neverWorse(story: Story, { id, manifest }: SetSeen): readonly Broken[] {
  const real = levelOf(imageOf(story.world, manifest), countedIn(manifest));
  if (manifest.verdict.level === real) return [];
  return [broken('complete', `set ${id} is called ${manifest.verdict.level}, and is ${real}; nothing went wrong`)];
}

function countedIn({ verdict }: Manifest): ReadonlySet<string> {
  return new Set(verdict.vms.filter(({ aside }) => !aside).map(({ vm }) => vm));
}

/** What the snapshots of a set are images of, by the world's own knowledge. `units` are ids of snapshots here. */
interface Image {
  readonly disks: readonly JudgedDisk[];
  readonly truth: Truth;
  /** VMs of which a part is missing: their bytes lay elsewhere when the cut was made. */
  readonly partial: ReadonlySet<string>;
}

function imageOf(world: World, manifest: Manifest): Image {
  const { chronicle, estate } = world;
  const cutAtMs = new Map(chronicle.cuts.flatMap(({ made, atMs }) => made.map((id) => [id, atMs] as const)));
  const own = manifest.snapshots.filter(({ id }) => cutAtMs.has(id));
  const firstMs = Math.min(...own.map(({ id }) => cutAtMs.get(id) ?? 0));
  const partial = new Set<string>();
  const disks = manifest.verdict.vms.flatMap(({ vm }): readonly JudgedDisk[] => {
    const { disks: all = [], gives } = estate.vms.find(({ name }) => name === vm) ?? {};
    return all.map(({ address, held }) => {
      const volumes = volumesOf(world, world.vsphere.lay(vm, address, firstMs));
      const images = volumes.map((volume) => own.filter(({ source }) => source.id === volume));
      if (volumes.length === 0 || images.some((found) => found.length === 0)) partial.add(vm);
      const ref = { vm, disk: address };
      const units = images.flat().map(({ id }) => id);
      const isAccepted = gives === undefined || !held;
      return { ref, units, ...(isAccepted ? { because: 'accepted' } : {}) };
    });
  });
  return { disks, partial, truth: { cutAtMs, stillnessOf: (ref) => stillnessOf(world, ref, firstMs) } };
}

function stillnessOf(world: World, ref: DiskRef, atMs: number): readonly Still[] {
  const guest = world.guests.get(ref.vm);
  const held = (guest?.quiescer.stillness() ?? [])
    .filter(({ disks }) => disks.some(({ disk }) => disk === ref.disk))
    .map(({ fromMs, untilMs = Number.POSITIVE_INFINITY }) => ({ fromMs, untilMs, gives: guest?.vm.gives ?? 'crash' }));
  const volumes = volumesOf(world, world.vsphere.lay(ref.vm, ref.disk, atMs));
  const fences = world.arrays.flatMap((array) => {
    const units = array.volumes.filter(({ id }) => volumes.includes(id)).map(({ unit }) => unit);
    return array.fences
      .filter(({ unit }) => units.includes(unit))
      .map(({ upAtMs, downAtMs }) => ({ fromMs: upAtMs, untilMs: downAtMs, gives: 'crash' as const }));
  });
  return [...held, ...fences];
}

function levelOf({ disks, truth, partial }: Image, vms: ReadonlySet<string>): Level {
  if ([...vms].some((vm) => partial.has(vm))) return 'unproven';
  return trueLevel({ disks }, truth, vms);
}

/** A disk by itself is an image of one moment, whatever the others are; a part of one is none. */
function diskLevel({ disks, truth }: Image, ref: DiskRef): Level {
  const own = disks.filter((disk) => diskName(disk.ref) === diskName(ref)).map(({ units }) => ({ ref, units }));
  if (own.every(({ units }) => units.length === 0)) return 'crash';
  return atLeast(trueLevel({ disks: own }, truth, new Set([ref.vm])), 'crash')
    ? trueLevel({ disks: own }, truth, new Set([ref.vm]))
    : 'crash';
}
