import type { Deadline } from '../../base/deadline.ts';
import { labelIn } from '../../label.ts';
import type { ArrayId, ArraySnapshot, CutLabel, CutUnit, DeviceKey, Volume } from '../../model.ts';
import type { ArrayDriver, ArrayTraits } from '../../ports.ts';
import { box } from '../box.ts';
import { inPlace, notThere } from '../exposed.ts';
import { stillOurs } from '../identity.ts';
import { linuxArming } from '../linux/arm.ts';
import { asPart, fromPart, safeName, safePath } from '../names.ts';
import type { ShellParts } from '../parts.ts';
import { commandMs } from '../place.ts';
import { onePerVolume } from '../units.ts';
import { noSuchVolume, told, volumeChanged } from '../volumes.ts';
import type { ImageFile } from './api.ts';
import { filesApi, PART } from './api.ts';
import { checkReflink } from './check.ts';
import type { ReflinkSettings } from './config.ts';

/**
 * One clone of a whole file is one instant: the kernel keeps writers of that file out meanwhile. The clone is made under
 * a name that `find` does not know and gets its own only when it is whole; `ln`, unlike `mv`, never replaces anything.
 */
const TAKE = `
part=\${2%/*}/${PART}\${2##*/}
umask 377
cp --reflink=always -- "$1" "$part" || { rm -f -- "$part"; return 1; }
ln -T -- "$part" "$2"
code=$?
rm -f -- "$part"
return $code`;

/** LUN files on a file system that clones files. A volume's id is its file's inode and birth; so is a snapshot's. */
export function reflink(id: ArrayId, settings: ReflinkSettings, parts: ShellParts): ArrayDriver {
  const { root } = settings;
  const folder = `${root}/${settings.snapshots}`;
  const reach = box(id, (deadline) => parts.shell(settings.ssh, deadline, settings.variables), commandMs(settings));
  const api = filesApi(id, { root, folder }, reach);
  const lines = linuxArming(id, reach, parts.clock);
  const traits: ArrayTraits = {
    make: 'reflink',
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
    check: (deadline) => checkReflink(id, settings, { api, box: reach, volumes: parts.volumes }, deadline),
    locate,
    group: async (volumes) => onePerVolume(id, volumes),
    async arm(units, label, deadline) {
      await sameVolumes(units, deadline);
      await api.prepare(label, deadline);
      const order = {
        units,
        label,
        traits,
        take: TAKE,
        job: (volume: Volume) => ({ source: `${root}/${volume.name}`, target: `${folder}/${nameOf(label, volume)}` }),
        async ready(limit: Deadline) {
          await sameVolumes(units, limit);
          await api.flush(
            units.flatMap(({ volumes }) => volumes.map(({ name }) => name)),
            limit,
          );
        },
        settle: (_: CutLabel, limit: Deadline) => api.keep(limit),
        find,
      };
      return lines.arm(order, deadline);
    },
    async disarm(label, deadline) {
      await lines.stop(label, deadline);
      await api.removeParts(label, deadline);
      return [];
    },
    find: (label, deadline) => find(label, deadline),
    findAll: (deadline) => find(undefined, deadline),
    async remove(snapshot, deadline) {
      const there = await api.clone(safeName(id, snapshot.name), deadline);
      const seen = there === undefined ? undefined : asSnapshot(there, snapshot.label);
      if (there !== undefined && stillOurs(snapshot, seen)) await api.remove(there, deadline);
    },
    async expose(snapshot, deadline) {
      const there = await api.clone(safeName(id, snapshot.name), deadline);
      const seen = there === undefined ? undefined : asSnapshot(there, snapshot.label);
      if (!stillOurs(snapshot, seen)) throw notThere(snapshot);
      return inPlace(await reach.shell(deadline), `${folder}/${snapshot.name}`);
    },
    async close() {
      lines.closeAll();
      await reach.close();
    },
  };

  async function locate(devices: readonly DeviceKey[], deadline: Deadline): Promise<ReadonlyMap<DeviceKey, Volume>> {
    const entries = told(devices, parts.volumes).map(({ name, device }) => ({ name: safePath(id, name), device }));
    const images = await api.images(
      entries.map(({ name }) => name),
      deadline,
    );
    return new Map(
      entries.map(({ name, device }) => {
        const image = images.get(name);
        if (image === undefined) throw noSuchVolume(id, name, [...images.keys()]);
        return [device, { array: id, id: image.id, name, sizeBytes: image.sizeBytes, container: name }];
      }),
    );
  }

  async function sameVolumes(units: readonly CutUnit[], deadline: Deadline): Promise<void> {
    const wanted = units.flatMap((unit) => unit.volumes.map((volume) => ({ unit, volume })));
    const now = await api.images(
      wanted.map(({ volume }) => volume.name),
      deadline,
    );
    for (const { unit, volume } of wanted) {
      const image = now.get(volume.name)?.id;
      if (image !== volume.id) throw volumeChanged(unit, volume, image);
    }
  }

  async function find(wanted: CutLabel | undefined, deadline: Deadline): Promise<readonly ArraySnapshot[]> {
    const all = await api.clones(deadline);
    return all.flatMap((file) => {
      const label = labelIn(file.name);
      return label === undefined || (wanted !== undefined && label !== wanted) ? [] : [asSnapshot(file, label)];
    });
  }

  function asSnapshot(file: ImageFile, label: CutLabel): ArraySnapshot {
    return {
      array: id,
      label,
      id: file.id,
      name: file.name,
      source: sourceIn(file.name.slice(label.length + 1)),
      sizeBytes: file.sizeBytes,
      createdAt: file.bornAt,
      ...(writtenSince(file) ? { invalid: `was written to at ${file.writtenAt}, long after it was taken` } : {}),
    };
  }

  /** A clone gets its bytes when it is made, and that is over `lateMs` later; nobody of us ever writes to one again. */
  function writtenSince({ bornAt, writtenAt }: ImageFile): boolean {
    return Date.parse(writtenAt) - Date.parse(bornAt) > traits.lateMs;
  }
}

/** The source's id is part of the name: a clone itself does not know what it is a clone of. */
function nameOf(label: CutLabel, volume: Volume): string {
  return `${label}-${asPart(volume.name)}@${volume.id}`;
}

function sourceIn(rest: string): ArraySnapshot['source'] {
  const at = rest.lastIndexOf('@');
  return at < 0 ? { id: 'none', name: fromPart(rest) } : { id: rest.slice(at + 1), name: fromPart(rest.slice(0, at)) };
}
