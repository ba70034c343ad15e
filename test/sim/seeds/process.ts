import { watchedArray } from '../../../src/arrays/watched.ts';
import { type Deadline, deadline } from '../../../src/base/deadline.ts';
import { Fault } from '../../../src/base/fault.ts';
import type { FileSystem } from '../../../src/base/file-system.ts';
import { interruptedBy } from '../../../src/base/interrupt.ts';
import type { Locks } from '../../../src/base/lock.ts';
import { Secret } from '../../../src/base/secret.ts';
import { waitsOn } from '../../../src/base/waits.ts';
import { newSetId } from '../../../src/catalog/names.ts';
import { openRunLog } from '../../../src/catalog/run-log.ts';
import { mend } from '../../../src/flows/mend/mend.ts';
import type { MendReport } from '../../../src/flows/mend/parts.ts';
import { chooseDoomed, remove } from '../../../src/flows/remove/remove.ts';
import type { RunParts, RunReport } from '../../../src/flows/snapshot/run-parts.ts';
import type { World as SurveyedWorld } from '../../../src/flows/survey.ts';
import type { SetId } from '../../../src/model.ts';
import type { ArrayDriver, Guest, Quiescer, RunEvent } from '../../../src/ports.ts';
import { snapshot } from '../../../src/snapshot.ts';
import type { GroupSettings, Topology } from '../../../src/topology/topology.ts';
import type { SimulatedArray } from '../../doubles/array/array.ts';
import { simulated } from '../../doubles/array/driver.ts';
import { type Mortal, mortal } from '../mortal.ts';
import { arraySeen } from './boundaries/array.ts';
import { filesUnder } from './boundaries/files.ts';
import { guestSeen } from './boundaries/guest.ts';
import { readerUnder } from './boundaries/reader.ts';
import type { Estate } from './estate.ts';
import type { Machine } from './machine.ts';
import type { Weather } from './weather.ts';
import type { World } from './world.ts';

/** Planted in the topology; it must appear nowhere else. */
export const SECRET = 'correct-horse-battery-staple';

/** How a process goes on its way: under which weather, and when it ends before its work does. */
export interface Fate {
  readonly weather: Weather;
  /** Nothing is to befall it. */
  readonly calm: boolean;
  /** Killed before this step. */
  readonly diesAt?: number;
  readonly interruptAfterMs?: number;
}

/** Something broken on purpose between the product and the world, to see that the judges see it. */
export interface Sabotage {
  readonly driver?: (driver: ArrayDriver, world: World) => ArrayDriver;
  readonly guest?: (quiescer: Quiescer) => Quiescer;
  readonly files?: (files: FileSystem) => FileSystem;
}

/** One process of Stillpoint on a machine: everything that it talks to, seen and under its weather. */
export interface Process {
  readonly life: Mortal;
  readonly events: readonly RunEvent[];
  readonly run: SetId;
  snapshot(group: GroupSettings): Promise<RunReport>;
  mend(doing: 'look' | 'mend'): Promise<MendReport>;
  /** A set, by its id, as a person asks for it. */
  remove(id: string): Promise<readonly string[]>;
}

const TIMEOUT_MS = 600_000;

export function startProcess(
  world: World,
  machine: Machine,
  by: number,
  group: GroupSettings,
  { weather, diesAt, interruptAfterMs }: Fate,
  sabotage: Sabotage,
): Process {
  const { draw } = weather;
  const life = mortal(diesAt);
  machine.lives.push(life);
  const self = { pid: by, boot: machine.boot, alive: life.alive };
  const { clock } = machine;
  const topology = topologyOf(world.estate);
  const events: RunEvent[] = [];
  const interrupt = new AbortController();
  if (interruptAfterMs !== undefined) {
    clock.after(interruptAfterMs, () => interrupt.abort(interruptedBy('SIGINT', 2)));
  }
  const driverOf = (array: SimulatedArray): ArrayDriver => {
    const driver = simulated(arraySeen(array, by, world.chronicle, weather));
    const own = sabotage.driver?.(driver, world) ?? driver;
    return watchedArray(own, { clock, waits: waitsOn(clock), interrupt: interrupt.signal, commandMs: 30_000 });
  };
  const worldMs = (sinceMs: number): number => world.clock.now() - (clock.now() - sinceMs);
  const surveyed: SurveyedWorld = {
    clock,
    topology,
    reader: life.reader(readerUnder(world.vsphere, clock, worldMs, weather)),
    drivers: new Map(world.arrays.map((array) => [array.id, life.array(driverOf(array))])),
    guests: new Map(
      [...world.guests].map(([name, { quiescer }]) => [
        name,
        {
          guest: { vm: name, connect: noShell, told: new Map() },
          quiescers: [life.guest(guestSeen(sabotage.guest?.(quiescer) ?? quiescer, by, world.chronicle, clock))],
        },
      ]),
    ),
    ground: { biosUuids: [], hosts: new Map() },
    emit: (event) => void (life.alive() && events.push(event)),
  };
  const disk = filesUnder(machine.state.files, weather);
  const state = { ...machine.state, files: life.files(sabotage.files?.(disk) ?? disk) };
  const locks: Locks = life.locks(machine.locks.of(self));
  const run = newSetId(group.name, clock.date(), draw.bytes);
  const alive = { life, events, run };

  return {
    ...alive,
    async snapshot(settings) {
      const log = await openRunLog(state, run, clock);
      const emit: RunParts['emit'] = (event, at) => {
        log.emit(event, at);
        surveyed.emit(event, at);
      };
      const report = await snapshot({
        ...surveyed,
        emit,
        group: settings,
        state,
        locks,
        random: draw.bytes,
        run,
        interrupt: interrupt.signal,
        owner: `ops@${machine.name}`,
        version: '0.1.0',
        timeoutMs: TIMEOUT_MS,
        waitMs: 0,
      });
      await log.close();
      return report;
    },
    async mend(doing) {
      const isHeld = unwritable(world, weather);
      const asked = new Map(
        [...surveyed.guests].map(([vm, side]) => [
          vm,
          { ...side, quiescers: side.quiescers.map((quiescer) => ({ ...quiescer, isHeld })) },
        ]),
      );
      const limit = deadline(clock, TIMEOUT_MS, 'mending', interrupt.signal);
      try {
        return await mend({ ...surveyed, guests: asked, state, locks, inDoubt: new Set(), waitMs: 0 }, doing, limit);
      } finally {
        limit.done();
      }
    },
    async remove(id) {
      const limit = deadline(clock, TIMEOUT_MS, 'removing', interrupt.signal);
      const wait = deadline(clock, 0, 'waiting for the lock', interrupt.signal);
      const parts = { clock, emit: surveyed.emit, state, locks, last: false, because: 'by hand' };
      const left: string[] = [];
      for (const doomed of await chooseDoomed(parts, [id])) {
        const remains = await remove(parts, doomed, surveyed.drivers, wait, limit);
        left.push(...remains.map(({ why }) => why));
      }
      limit.done();
      return left;
    },
  };
}

/** The mount points of a guest that take no write at this moment: asked as `mend` asks. */
function unwritable(world: World, weather: Weather) {
  return async ({ vm }: Guest, _limit: Deadline): Promise<readonly string[]> => {
    if (weather.befalls(['refused']) !== undefined) {
      throw new Fault({ code: 'ssh.unreachable', message: `${vm}: no route to host` });
    }
    const guest = world.guests.get(vm);
    return guest?.quiescer.held() === true ? guest.vm.disks.filter(({ held }) => held).map(({ mount }) => mount) : [];
  };
}

function topologyOf(estate: Estate): Topology {
  const password = new Secret(SECRET);
  return {
    file: '/etc/stillpoint.yaml',
    vsphere: { url: 'https://vc.example/sdk' },
    arrays: new Map(estate.arrays.map(({ id }) => [id, { id, driver: 'simulated', settings: { password } }])),
    tiers: new Map(),
    volumes: [],
    vms: new Map(
      estate.vms.map(({ name, gives, boot }) => [
        name,
        {
          name,
          wanted: name,
          quiesce: gives === undefined ? [] : [{ method: 'simulated', settings: { password } }],
          boot,
          exclude: [],
          disks: new Map(),
          encrypted: 'refused',
          allow: [],
        },
      ]),
    ),
    groups: new Map(estate.groups.map(({ settings }) => [settings.name, settings])),
  };
}

function noShell(): Promise<never> {
  return Promise.reject(new Error('a simulated guest has no shell'));
}
