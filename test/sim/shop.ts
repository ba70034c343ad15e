import { z } from 'zod';
import { watchedArray } from '../../src/arrays/watched.ts';
import { type Deadline, deadline } from '../../src/base/deadline.ts';
import { Fault } from '../../src/base/fault.ts';
import type { FileSystem } from '../../src/base/file-system.ts';
import { interruptedBy } from '../../src/base/interrupt.ts';
import type { Locks } from '../../src/base/lock.ts';
import { waitsOn } from '../../src/base/waits.ts';
import { newSetId } from '../../src/catalog/names.ts';
import { openState, type StateFolder } from '../../src/catalog/state-folder.ts';
import { mend } from '../../src/flows/mend/mend.ts';
import type { MendReport } from '../../src/flows/mend/parts.ts';
import type { RunParts, RunReport } from '../../src/flows/snapshot/run-parts.ts';
import { deviceKey } from '../../src/inventory/device.ts';
import type { DeviceKey, Finding, GuestSnapshot, Placement, SetId, VmPlacement } from '../../src/model.ts';
import type { ArrayDriver, PlacementReader, Quiescer, RunEvent, Snapshotter } from '../../src/ports.ts';
import { snapshot } from '../../src/snapshot.ts';
import { parseTopology } from '../../src/topology/read.ts';
import type { GroupSettings, Topology } from '../../src/topology/topology.ts';
import { type SimulatedArray, simulatedArray } from '../doubles/array/array.ts';
import { simulated as simulatedDriver } from '../doubles/array/driver.ts';
import { type SimulatedGuest, simulated as simulatedGuest } from '../doubles/guest.ts';
import { type SimulatedPoint, simulatedSnapshotter } from '../doubles/snapshotter.ts';
import { memoryFileSystem } from '../fixtures/memory-file-system.ts';
import { type HandClock, handClock } from './hand-clock.ts';

/**
 * A shop of two guests: boot disks on one datastore of `bulk`, data on raw LUNs of `fast`; whole runs of it on a
 * hand-driven clock, over simulated guests and arrays and files in memory.
 */
export interface Shop {
  readonly clock: HandClock;
  readonly fast: SimulatedArray;
  readonly bulk: SimulatedArray;
  readonly state: StateFolder;
  readonly events: readonly RunEvent[];
  /** What vSphere answers from now on. */
  placement: Placement;
  /** vSphere is gone. */
  vsphereGone: boolean;
  disturbed: readonly Finding[];
  /** Seen on both arrays. */
  onArrays(): readonly string[];
  held(): readonly string[];
  /** Guest snapshots that really stand on mail01. */
  points(): readonly GuestSnapshot[];
  /** Somebody else removes them. */
  meddle(): void;
  run(options?: ShopRun): Promise<RunReport>;
  /** The same, before any time has passed: for a run that will not come to its end. */
  start(options?: ShopRun): Promise<RunReport>;
  /** On the clock as it stands. */
  mend(doing?: 'look' | 'mend', options?: ShopMend): Promise<MendReport>;
}

export interface ShopMend extends Pick<ShopRun, 'around' | 'behind' | 'aroundFiles' | 'aroundPoint'> {
  readonly group?: string;
  readonly weak?: 'keep' | 'remove';
  /** Guests that the topology of this mending knows; all. */
  readonly guests?: readonly string[];
  /** It is the topology of somebody else, and knows no group of these. */
  readonly otherTopology?: true;
  readonly inDoubt?: readonly SetId[];
  /** What a guest says when it is asked on which mount points it takes no write; none. */
  readonly unwritable?: Quiescer['isHeld'];
  /** Ends before the mending does. */
  readonly dies?: Promise<never>;
}

export interface ShopRun {
  readonly weak?: 'remove';
  readonly key?: string;
  /** Aborts when this event is told, or so many ms later. */
  readonly interruptAt?: (event: RunEvent) => boolean | number;
  /** Guests answer no probe: what waits for them says that they cannot be reached when its time is over. */
  readonly probesHang?: true;
  /** Aborts so long after the start. */
  readonly interruptAfterMs?: number;
  /** What it aborts with; SIGINT. */
  readonly reason?: Fault;
  /** Stands between the run and each array. */
  readonly around?: (driver: ArrayDriver) => ArrayDriver;
  /** Stands behind what limits the calls of each array. */
  readonly behind?: (driver: ArrayDriver) => ArrayDriver;
  readonly aroundGuest?: (quiescer: Quiescer) => Quiescer;
  readonly aroundPoint?: (snapshotter: Snapshotter) => Snapshotter;
  readonly aroundFiles?: (files: FileSystem) => FileSystem;
}

const TOPOLOGY = `
version: 1
vsphere: { url: "https://vc.example/sdk" }
arrays:
  fast: { driver: simulated }
  bulk: { driver: simulated }
vms:
  mail01: { ssh: { host: mail01 }, quiesce: { method: simulated } }
  db01: { ssh: { host: db01 }, quiesce: { method: simulated } }
groups:
  mail:
    vms: [mail01, { vm: db01, after: [mail01], optional: OPTIONAL }]
    window: 8s
    REQUIRE
    keep: { last: KEEP }
    MORE
`;

export async function shop(
  options: {
    readonly mail01?: SimulatedGuest;
    readonly db01?: SimulatedGuest;
    /** mail01 is not held: a guest snapshot of it is made. */
    readonly mail01Point?: SimulatedPoint;
    /** More keys of the group, with a leading line break. */
    readonly groupKeys?: string;
    readonly db01Optional?: boolean;
    readonly require?: string;
    /** 2 */
    readonly keepLast?: number;
    readonly files?: StateFolder['files'];
    readonly locks?: Locks;
  } = {},
): Promise<Shop> {
  const clock = handClock();
  const bootDevice = lun('b0');
  const dataDevice = { mail01: lun('a1'), db01: lun('a2') };
  const fast = simulatedArray(
    'fast',
    {
      volumes: [volume('mail_db', dataDevice.mail01), volume('sql_data', dataDevice.db01)].map((one) => ({
        ...one,
        group: 'pg',
      })),
      cutMs: 21,
    },
    clock,
  );
  const bulk = simulatedArray('bulk', { volumes: [volume('vmfs_boot', bootDevice)], cutMs: 82 }, clock);
  const text = TOPOLOGY.replace('OPTIONAL', String(options.db01Optional ?? false))
    .replace('REQUIRE', options.require === undefined ? '' : `require: ${options.require}`)
    .replace('KEEP', `${options.keepLast ?? 2}`)
    .replace('MORE', options.groupKeys ?? '');
  const empty = z.strictObject({});
  const { topology, findings } = parseTopology(text, '/etc/stillpoint.yaml', {
    arrays: { simulated: empty },
    methods: { simulated: empty },
  });
  if (topology === undefined) throw new Error(findings.map(({ message }) => message).join('\n'));
  const group = topology.groups.get('mail');
  if (group === undefined) throw new Error('no group');

  const told = { mail01: options.mail01 ?? {}, db01: options.db01 ?? {} };
  const quiescers = new Map(
    (['mail01', 'db01'] as const).map((vm) => [vm, simulatedGuest(clock, { ...uses, ...told[vm] })] as const),
  );
  const point = options.mail01Point === undefined ? undefined : simulatedSnapshotter(clock, options.mail01Point);
  const events: RunEvent[] = [];
  const state = await openState('/state', options.files ?? memoryFileSystem());
  const vm = (name: 'mail01' | 'db01'): VmPlacement => placementOf(name, bootDevice, dataDevice[name]);
  const self: Shop = {
    clock,
    fast,
    bulk,
    state,
    events,
    placement: {
      takenAt: '',
      source: 'simulated',
      vms: [vm('mail01'), vm('db01')],
      datastores: [
        {
          name: 'VMFS-BOOT',
          ref: 'Datastore:1',
          kind: 'vmfs',
          devices: [bootDevice],
          vms: ['mail01', 'db01', 'web07'],
        },
      ],
      findings: [],
    },
    vsphereGone: false,
    disturbed: [],
    points: () => point?.standing() ?? [],
    meddle: () => point?.meddle(),
    onArrays: () => [...fast.objects(), ...bulk.objects()],
    held: () => [...quiescers].filter(([, quiescer]) => quiescer.held()).map(([name]) => name),
    async run(how = {}) {
      const report = await clock.drive(self.start(how));
      await clock.pass(60_000);
      return report;
    },
    start(how = {}) {
      const interrupt = new AbortController();
      const abort = (): void => interrupt.abort(how.reason ?? interruptedBy('SIGINT', 2));
      if (how.interruptAfterMs !== undefined) clock.after(how.interruptAfterMs, abort);
      const parts: RunParts = {
        clock,
        topology,
        group,
        reader,
        drivers: driversOf(how, interrupt.signal),
        guests: new Map(
          [...quiescers].map(([name, quiescer]) => [
            name,
            {
              guest: { vm: name, connect: noShell, told: new Map() },
              ...(name === 'mail01' && point !== undefined
                ? { snapshotters: [(how.aroundPoint ?? itself)(point)] }
                : {}),
              quiescers:
                name === 'mail01' && point !== undefined
                  ? []
                  : [
                      (how.aroundGuest ?? itself)(
                        how.probesHang === true ? { ...quiescer, probe: unreachable } : quiescer,
                      ),
                    ],
            },
          ]),
        ),
        ground: { biosUuids: [], hosts: new Map() },
        emit(event) {
          events.push(event);
          const at = how.interruptAt?.(event) ?? false;
          if (at === true) abort();
          else if (at !== false) clock.after(at, abort);
        },
        state: { ...state, files: (how.aroundFiles ?? itself)(state.files) },
        locks: options.locks ?? nobodyElse,
        random: (bytes) => Uint8Array.from({ length: bytes }, () => serial++ % 251),
        run: newSetId('mail', clock.date(), (bytes) => Uint8Array.from({ length: bytes }, () => serial++ % 251)),
        interrupt: interrupt.signal,
        owner: 'ops@backup1',
        version: '0.1.0',
        timeoutMs: 600_000,
        waitMs: 0,
        ...(how.weak === undefined ? {} : { weak: how.weak }),
        ...(how.key === undefined ? {} : { key: how.key }),
      };
      return snapshot(parts);
    },
    mend(doing = 'mend', how = {}) {
      const limit = deadline(clock, 600_000, 'mending');
      const noGuest = (name: string) => ({
        guest: { vm: name, connect: noShell, told: new Map() },
        quiescers:
          name === 'mail01' && point !== undefined
            ? []
            : [{ ...simulatedGuest(clock), isHeld: how.unwritable ?? (async () => []) }],
        snapshotters: name === 'mail01' && point !== undefined ? [(how.aroundPoint ?? itself)(point)] : [],
      });
      const work = mend(
        {
          clock,
          emit: (event) => void events.push(event),
          state: { ...state, files: (how.aroundFiles ?? itself)(state.files) },
          locks: options.locks ?? nobodyElse,
          topology: {
            ...(how.weak === undefined ? topology : withWeak(topology, group, how.weak)),
            ...(how.otherTopology === undefined ? {} : { groups: new Map() }),
          },
          inDoubt: new Set(how.inDoubt),
          drivers: driversOf(how, new AbortController().signal),
          guests: new Map((how.guests ?? [...quiescers.keys()]).map((name) => [name, noGuest(name)])),
          waitMs: 0,
          ...(how.group === undefined ? {} : { group: how.group }),
        },
        doing,
        limit,
      );
      return clock.drive(Promise.race([work, how.dies ?? work])).finally(() => limit.done());
    },
  };
  function driversOf(
    { around = itself, behind = itself }: Pick<ShopRun, 'around' | 'behind'>,
    interrupt: AbortSignal,
  ): ReadonlyMap<string, ArrayDriver> {
    const watching = { clock, waits: waitsOn(clock), interrupt, commandMs: 30_000 };
    return new Map(
      [fast, bulk].map((array) => [array.id, around(watchedArray(behind(simulatedDriver(array)), watching))]),
    );
  }
  let serial = 0;
  const reader: PlacementReader = {
    async read() {
      if (self.vsphereGone) throw new Fault({ code: 'vsphere.unreachable', message: 'vc.example: connection refused' });
      const stands = point?.standing() ?? [];
      const vms = self.placement.vms.map((one) =>
        one.vm === 'mail01' ? { ...one, snapshots: stands.map(({ name, createdAt }) => ({ name, createdAt })) } : one,
      );
      return { ...self.placement, vms };
    },
    disturbances: async () => self.disturbed,
  };
  return self;
}

const GIB = 1n << 30n;

/** In the guest: `/` on sda, which nobody holds, and /srv on sdb, which is held. */
const uses: SimulatedGuest = {
  disks: [
    { name: 'sda', scsi: { host: 0, target: 0, lun: 0 }, sizeBytes: 40n * GIB },
    { name: 'sdb', scsi: { host: 0, target: 1, lun: 0 }, sizeBytes: 100n * GIB },
  ],
  uses: [
    { what: '/', kind: 'mount', fsType: 'ext4', disks: ['sda'], held: false },
    { what: '/srv', kind: 'mount', fsType: 'xfs', disks: ['sdb'], held: true },
  ],
};

function placementOf(vm: string, boot: DeviceKey, data: DeviceKey): VmPlacement {
  return {
    vm,
    ref: `VirtualMachine:${vm}`,
    path: `/DC1/vm/${vm}`,
    instanceUuid: `50-${vm}`,
    biosUuid: `42-${vm}`,
    powerState: 'poweredOn',
    changeVersion: '1',
    encrypted: false,
    home: { file: `[VMFS-BOOT] ${vm}/${vm}.vmx`, devices: [boot] },
    disks: [
      {
        address: 'scsi0:0',
        key: 2000,
        label: 'Hard disk 1',
        kind: 'vmfs',
        sizeBytes: 40n * GIB,
        sharing: 'none',
        files: [`[VMFS-BOOT] ${vm}/${vm}.vmdk`],
        data: [boot],
        metadata: [],
      },
      {
        address: 'scsi0:1',
        key: 2001,
        label: 'Hard disk 2',
        kind: 'rdm-physical',
        sizeBytes: 100n * GIB,
        sharing: 'none',
        files: [`[VMFS-BOOT] ${vm}/${vm}_1.vmdk`],
        data: [data],
        metadata: [boot],
      },
    ],
    snapshots: [],
  };
}

function lun(end: string): DeviceKey {
  const key = deviceKey(`naa.600000000000000000000000000000${end}`);
  if (key === undefined) throw new Error('no device');
  return key;
}

function volume(name: string, device: DeviceKey): { name: string; device: DeviceKey; sizeBytes: bigint } {
  return { name, device, sizeBytes: 100n * GIB };
}

function itself<T>(thing: T): T {
  return thing;
}

function withWeak(topology: Topology, group: GroupSettings, weak: 'keep' | 'remove'): Topology {
  return { ...topology, groups: new Map([[group.name, { ...group, weak }]]) };
}

function unreachable(guest: { readonly vm: string }, limit: Deadline): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(new Fault({ code: 'ssh.unreachable', message: `${guest.vm} cannot be reached` }));
    limit.signal.addEventListener('abort', fail, { once: true });
  });
}

function noShell(): Promise<never> {
  return Promise.reject(new Error('a simulated guest has no shell'));
}

/** Nobody else is there: what locks do among processes is tried with processes. */
const nobodyElse: Locks = {
  take: async () => ({ release: async () => {} }),
  held: async () => [],
  break: async () => false,
};

/** Locks of which the first that is asked for comes only with `letGo`, and every later one at once. */
export function firstTakerWaits(): { readonly locks: Locks; letGo(): void } {
  let letGo = (): void => {};
  const waits = [
    new Promise<void>((resolve) => {
      letGo = resolve;
    }),
  ];
  return {
    locks: {
      ...nobodyElse,
      async take(...asked) {
        await waits.shift();
        return nobodyElse.take(...asked);
      },
    },
    letGo: () => letGo(),
  };
}
