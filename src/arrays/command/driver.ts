import type { Deadline } from '../../base/deadline.ts';
import { labelIn } from '../../label.ts';
import type { ArrayId, ArraySnapshot, CutLabel, CutUnit, DeviceKey, Volume } from '../../model.ts';
import type { ArmedCut, ArrayDriver, ArrayTraits } from '../../ports.ts';
import { armedCut } from '../armed.ts';
import { box } from '../box.ts';
import { making, notThere } from '../exposed.ts';
import { stillOurs } from '../identity.ts';
import { safeName } from '../names.ts';
import type { ShellParts } from '../parts.ts';
import { commandMs } from '../place.ts';
import { onePerVolume } from '../units.ts';
import { labelInUse, noSuchVolume, told, volumeChanged } from '../volumes.ts';
import type { CommandApi } from './api.ts';
import { ANSWER_LIMIT_MS, commandApi, unreadable } from './api.ts';
import { checkCommands } from './check.ts';
import { type CommandSettings, tells } from './config.ts';
import { fireUnit } from './fire.ts';
import { valuesFor } from './names.ts';
import { anyLine } from './pattern.ts';
import type { Row } from './rows.ts';
import { bytesIn } from './size.ts';
import type { Values } from './template.ts';
import { hasEach, isNamedByLabel } from './template.ts';

/** An array that is spoken to in the topology's own commands. A volume's name is its id: it is what the commands take. */
export function command(id: ArrayId, settings: CommandSettings, parts: ShellParts): ArrayDriver {
  const reach = box(id, (deadline) => parts.shell(settings.ssh, deadline, settings.variables), commandMs(settings));
  const api = commandApi(id, settings, reach);
  const together = hasEach(settings.snapshot.run);
  const traits: ArrayTraits = {
    make: 'command',
    parallel: settings.parallel,
    maxGroup: together ? Number.MAX_SAFE_INTEGER : 1,
    lateMs: settings.late ?? LATE_MS,
    ...(settings.arm === undefined ? {} : { prepares: true as const }),
    answers: settings.answers === 'accepted' && settings.settled === undefined ? 'accepted' : 'cut',
    tells: {
      id: tells(settings.find, 'id'),
      time: tells(settings.find, 'time') || tells(settings.find, 'unixtime'),
    },
    forecastMs: 1000,
  };

  return {
    id,
    traits,
    check: (deadline) => checkCommands(id, { api, volumes: parts.volumes, traits }, deadline),
    locate,
    async group(volumes) {
      if (!together || volumes.length === 0) return onePerVolume(id, volumes);
      // One id whatever the volumes: two runs at once in one command domain could not be told apart by a lock.
      return [{ array: id, id: `${id}/all`, volumes, alsoCaptures: [] }];
    },
    arm,
    async disarm(label, deadline) {
      await api.disarm({ label }, deadline);
      return [];
    },
    find: (label, deadline) => find(label, deadline),
    findAll: (deadline) => find(undefined, deadline),
    async remove(snapshot, deadline) {
      const values = await valuesOf(snapshot, deadline);
      if (values !== undefined) await api.remove(values, deadline);
    },
    ...(api.expose === undefined ? {} : { expose: exposing(api.expose) }),
    close: () => reach.close(),
  };

  async function locate(devices: readonly DeviceKey[], deadline: Deadline): Promise<ReadonlyMap<DeviceKey, Volume>> {
    const listed = await api.list(deadline);
    const rows = new Map(listed?.rows.map((row) => [row.volume ?? '', row]));
    const found = new Map<DeviceKey, Volume>();
    for (const device of devices) {
      const row = listed?.rows.find((one) => one.device?.toLowerCase() === device.toLowerCase());
      if (row?.volume !== undefined) found.set(device, volumeOf(row.volume, row));
    }
    for (const { name, device } of told(devices, parts.volumes)) {
      const row = rows.get(safeName(id, name));
      if (listed !== undefined && row === undefined) throw noSuchVolume(id, name, [...rows.keys()]);
      found.set(device, volumeOf(name, row));
    }
    return found;
  }

  /** Size 0: nothing tells it. */
  function volumeOf(name: string, row: Row | undefined): Volume {
    return { array: id, id: name, name, sizeBytes: bytesIn(row?.size ?? '') ?? 0n, container: name };
  }

  async function arm(units: readonly CutUnit[], label: CutLabel, deadline: Deadline): Promise<ArmedCut> {
    const volumes = units.flatMap((unit) => unit.volumes);
    const values = valuesFor(id, settings, volumes, label);
    await sameVolumes(units, deadline);
    const names = volumes.map(({ name }) => name);
    const before = await find(label, deadline, names);
    if (before.length > 0) throw labelInUse(id, label, before);
    await api.arm(values, deadline);
    let shell = await reach.shell(deadline);
    return armedCut({
      array: id,
      units,
      label,
      clock: parts.clock,
      parallel: traits.parallel,
      lateMs: traits.lateMs,
      async recheck(limit) {
        await sameVolumes(units, limit);
        // What `find` takes there and back, login of the vendor's program and all, is what the snapshot's own command adds.
        const startedAtMs = parts.clock.now();
        await find(label, limit, names.slice(0, 1));
        const roundTripMs = parts.clock.now() - startedAtMs;
        // Where the line had been lost, it is this one that is open now: nothing is connected inside the fire.
        shell = await reach.shell(limit);
        const rounds = Math.ceil(units.length / traits.parallel);
        return { forecastMs: Math.ceil((roundTripMs + traits.forecastMs) * rounds) };
      },
      send: (unit, limit) =>
        fireUnit(
          settings,
          { shell, clock: parts.clock },
          { unit, values: valuesFor(id, settings, unit.volumes, label) },
          limit,
        ),
      find: (wanted, limit) => find(wanted, limit, names),
    });
  }

  /** Of the very snapshot that is meant; undefined: it is not there. */
  async function valuesOf(snapshot: ArraySnapshot, deadline: Deadline): Promise<Values | undefined> {
    const pick = (all: readonly ArraySnapshot[]): ArraySnapshot | undefined =>
      all.find((one) => one.name === snapshot.name && one.source.name === snapshot.source.name) ??
      all.find((one) => (isNamedByLabel(settings) ? one.id === snapshot.id : one.name === snapshot.name));
    // Of all volumes only where its own does not have it: that one may have been renamed.
    const there =
      pick(await find(snapshot.label, deadline, [snapshot.source.name])) ?? pick(await find(snapshot.label, deadline));
    if (!stillOurs(snapshot, there)) return undefined;
    return { volume: there.source.name, snapshot: there.name, label: there.label, id: there.id };
  }

  function exposing(expose: NonNullable<CommandApi['expose']>): NonNullable<ArrayDriver['expose']> {
    return async (snapshot, deadline) => {
      const values = await valuesOf(snapshot, deadline);
      if (values === undefined) throw notThere(snapshot);
      const shell = await reach.shell(deadline);
      const show = async (limit: Deadline) => ({ shell, image: await expose(values, limit) });
      return making(show, (limit) => api.withdraw(values, limit), deadline);
    };
  }

  async function sameVolumes(units: readonly CutUnit[], deadline: Deadline): Promise<void> {
    const listed = await api.list(deadline);
    if (listed === undefined) return;
    const names = new Set(listed.rows.map((row) => row.volume));
    for (const unit of units) {
      for (const volume of unit.volumes) if (!names.has(volume.name)) throw volumeChanged(unit, volume, undefined);
    }
  }

  /** @param volumes where find asks by volume, only of these */
  async function find(
    wanted: CutLabel | undefined,
    deadline: Deadline,
    volumes?: readonly string[],
  ): Promise<readonly ArraySnapshot[]> {
    const { rows, unread } = await api.find(deadline, volumes);
    const overlooked = unread.filter((line) => (wanted === undefined ? ANY_LABEL.test(line) : line.includes(wanted)));
    if (overlooked.length > 0) throw unreadable(id, overlooked);
    return rows.flatMap((row) => {
      const label = labelIn(row.snapshot ?? '');
      return label === undefined || (wanted !== undefined && label !== wanted) ? [] : snapshotOf(row, label);
    });
  }

  function snapshotOf({ volume, snapshot, ...row }: Row, label: CutLabel): readonly ArraySnapshot[] {
    if (volume === undefined || snapshot === undefined) return [];
    const createdAt = timeOf(row);
    const sizeBytes = bytesIn(row.size ?? '');
    const { valid } = settings.find;
    const usable = valid === undefined || anyLine(valid, row.state ?? '', ANSWER_LIMIT_MS);
    return [
      {
        array: id,
        label,
        // Without an id the time has to tell one snapshot of this name from another.
        id: row.id ?? [volume, snapshot, createdAt ?? ''].join(' ').trim(),
        name: snapshot,
        source: { id: volume, name: volume },
        ...(sizeBytes === undefined ? {} : { sizeBytes }),
        ...(createdAt === undefined ? {} : { createdAt }),
        ...(usable ? {} : { invalid: `is in the state '${row.state ?? ''}'` }),
      },
    ];
  }
}

const LATE_MS = 120_000;
const ANY_LABEL = /sp[a-z2-7]{13}/;

const ZONE = /\b(?:UTC?|GMT|[ECMP][SD]T)\b|\dZ$|\d ?[+-]\d\d:?\d\d$/;

/**
 * ISO 8601; from seconds or milliseconds since 1970, or from whatever JavaScript reads as a date. A time that names no zone
 * is one in UTC: in the zone of this machine it would be another one for a colleague in another country.
 */
function timeOf({ time, unixtime }: Row): string | undefined {
  const text = unixtime ?? time ?? '';
  const number = /^\d{9,13}(\.\d+)?$/.test(text) ? Number(text) : undefined;
  const written = () => Date.parse(ZONE.test(text) ? text : `${text}Z`);
  const ms = number === undefined ? written() : number < 1e11 ? number * 1000 : number;
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
