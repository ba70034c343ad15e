import type { Deadline } from '../../base/deadline.ts';
import { defined } from '../../base/defined.ts';
import { Fault } from '../../base/fault.ts';
import { labelIn } from '../../label.ts';
import type { ArrayId, ArraySnapshot, CutLabel, CutUnit, DeviceKey, Volume } from '../../model.ts';
import type { ArrayDriver, ArrayTraits } from '../../ports.ts';
import { box } from '../box.ts';
import { inPlace, notThere } from '../exposed.ts';
import { stillOurs } from '../identity.ts';
import { linuxArming } from '../linux/arm.ts';
import { asPart, fromPart, safePath } from '../names.ts';
import type { ShellParts } from '../parts.ts';
import { commandMs } from '../place.ts';
import { onePerVolume } from '../units.ts';
import { noSuchVolume, told, volumeChanged } from '../volumes.ts';
import type { Subvolume } from './api.ts';
import { btrfsApi } from './api.ts';
import { checkBtrfs } from './check.ts';
import type { BtrfsSettings } from './config.ts';

/**
 * A btrfs file system as an array. A LUN is a subvolume with the image inside; a snapshot is a read-only subvolume in the
 * snapshot folder. A volume's id is its subvolume's uuid, and every snapshot carries its source's uuid by itself.
 */
export function btrfs(id: ArrayId, settings: BtrfsSettings, parts: ShellParts): ArrayDriver {
  const { root, snapshots: folder } = settings;
  const reach = box(id, (deadline) => parts.shell(settings.ssh, deadline, settings.variables), commandMs(settings));
  const api = btrfsApi(id, root, reach);
  const lines = linuxArming(id, reach, parts.clock);
  const traits: ArrayTraits = {
    make: 'btrfs',
    parallel: settings.parallel,
    maxGroup: 1,
    lateMs: 120_000,
    answers: 'cut',
    tells: { id: true, time: true },
    forecastMs: 250,
  };

  return {
    id,
    traits,
    check: (deadline) => checkBtrfs(id, settings, { api, box: reach, volumes: parts.volumes }, deadline),
    locate,
    group: async (volumes) => onePerVolume(id, volumes),
    async arm(units, label, deadline) {
      await sameVolumes(units, deadline);
      await reach.expect(['mkdir', '-p', '-m', '700', '--', `${root}/${folder}`], deadline);
      const order = {
        units,
        label,
        traits,
        take: 'btrfs subvolume snapshot -r -- "$1" "$2"',
        job: (volume: Volume) => ({
          source: `${root}/${volume.name}`,
          target: `${root}/${folder}/${nameOf(label, volume)}`,
        }),
        async ready(limit: Deadline) {
          await sameVolumes(units, limit);
          await api.flush(limit);
        },
        find,
      };
      return lines.arm(order, deadline);
    },
    async disarm(label, deadline) {
      await lines.stop(label, deadline);
      return [];
    },
    find: (label, deadline) => find(label, deadline),
    findAll: (deadline) => find(undefined, deadline),
    async remove(snapshot, deadline) {
      const there = await api.subvolume(`${folder}/${safePath(id, snapshot.name)}`, deadline);
      const seen = there === undefined ? undefined : asSnapshot(there, snapshot.name, snapshot.label);
      if (there !== undefined && stillOurs(snapshot, seen)) await api.remove(there.id, deadline);
    },
    async expose(snapshot, deadline) {
      const path = `${folder}/${safePath(id, snapshot.name)}`;
      const there = await api.subvolume(path, deadline);
      const seen = there === undefined ? undefined : asSnapshot(there, snapshot.name, snapshot.label);
      if (!stillOurs(snapshot, seen)) throw notThere(snapshot);
      const image = await onlyFile(path, deadline);
      return inPlace(await reach.shell(deadline), `${root}/${path}/${image}`);
    },
    async close() {
      lines.closeAll();
      await reach.close();
    },
  };

  async function locate(devices: readonly DeviceKey[], deadline: Deadline): Promise<ReadonlyMap<DeviceKey, Volume>> {
    const entries = told(devices, parts.volumes).map(({ name, device }) => ({ name: safePath(id, name), device }));
    if (entries.length === 0) return new Map();
    const subvolumes = await liveVolumes(deadline);
    const sizes = await api.sizes(
      entries.map(({ name }) => name).filter((name) => subvolumes.has(name)),
      deadline,
    );
    return new Map(
      entries.map(({ name, device }) => {
        const subvolume = subvolumes.get(name);
        if (subvolume === undefined) throw noSuchVolume(id, name, [...subvolumes.keys()]);
        notNested(name, subvolumes);
        const volume = { array: id, id: subvolume.uuid, name, sizeBytes: sizes.get(name) ?? 0n, container: name };
        return [device, volume];
      }),
    );
  }

  /** By path. What lies in the snapshot folder is no volume. */
  async function liveVolumes(deadline: Deadline): Promise<ReadonlyMap<string, Subvolume>> {
    const all = await api.subvolumes(deadline);
    return new Map(all.filter(({ path }) => !path.startsWith(`${folder}/`)).map((one) => [one.path, one]));
  }

  /** A snapshot has an empty folder where a subvolume lies inside: part of the volume would be missing, silently. */
  function notNested(name: string, all: ReadonlyMap<string, Subvolume>): void {
    const inside = [...all.keys()].find((path) => path.startsWith(`${name}/`));
    if (inside === undefined) return;
    throw new Fault({
      code: 'array.nested-subvolume',
      message: `array ${id}: subvolume ${inside} lies inside volume ${name}, and a snapshot would not hold it`,
      hint: 'Make it a plain folder, or move it out of the volume.',
    });
  }

  /** A LUN's image is the one file of its subvolume, whatever it is called. */
  async function onlyFile(path: string, deadline: Deadline): Promise<string> {
    const [image, ...others] = await api.files(path, deadline);
    if (image !== undefined && others.length === 0) return image;
    throw new Fault({
      code: 'array.no-one-image',
      message: `array ${id}: ${path} holds ${others.length === 0 ? 'no file' : `${others.length + 1} files`}, and one would be the LUN's image`,
    });
  }

  async function sameVolumes(units: readonly CutUnit[], deadline: Deadline): Promise<void> {
    const now = await liveVolumes(deadline);
    for (const unit of units) {
      for (const volume of unit.volumes) {
        const uuid = now.get(volume.name)?.uuid;
        if (uuid !== volume.id) throw volumeChanged(unit, volume, uuid);
        notNested(volume.name, now);
      }
    }
  }

  async function find(wanted: CutLabel | undefined, deadline: Deadline): Promise<readonly ArraySnapshot[]> {
    const all = await api.snapshots(deadline);
    return all.flatMap((subvolume) => {
      const name = subvolume.path.slice(folder.length + 1);
      const label = labelIn(name);
      if (!subvolume.path.startsWith(`${folder}/`) || name.includes('/') || label === undefined) return [];
      return wanted === undefined || label === wanted ? [asSnapshot(subvolume, name, label)] : [];
    });
  }

  function asSnapshot(subvolume: Subvolume, name: string, label: CutLabel): ArraySnapshot {
    return {
      array: id,
      label,
      id: `${subvolume.id}:${subvolume.uuid}`,
      name,
      source: { id: subvolume.parentUuid ?? 'none', name: fromPart(name.slice(label.length + 1)) },
      ...defined({ createdAt: subvolume.createdAt }),
    };
  }
}

function nameOf(label: CutLabel, volume: Volume): string {
  return `${label}-${asPart(volume.name)}`;
}
