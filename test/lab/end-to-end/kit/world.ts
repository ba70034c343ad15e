import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { WorldTable, WorldVm } from '../../../../src/demo/table.ts';
import { type FileSystem, type LabDisk, MAKE } from '../../kit/disk.ts';
import type { LabGuest } from '../../kit/guest.ts';
import { type Lab, openLab } from '../../kit/lab.ts';
import { must } from '../../kit/programs.ts';
import { startVcsim, type Vcsim } from '../../vcsim/start.ts';
import { type Ended, type Running, start } from './cli.ts';
import { type Cut, type Delays, makeShims, readCuts, shimmed } from './shims.ts';

/** `alpha` is btrfs, a subvolume a LUN; `beta` and `gamma` are xfs, a file a LUN. */
export type ArrayName = 'alpha' | 'beta' | 'gamma';

export interface VmDisk {
  /** `scsi0:0` is a file on the VM's own VMFS datastore; all others are raw disks. */
  readonly address: string;
  /** Mount point in the guest. */
  readonly mount: string;
  readonly array: ArrayName;
  readonly sizeMb?: number;
  /** ext4, unless it says otherwise. */
  readonly type?: FileSystem;
}

export interface VmOrder {
  readonly name: string;
  readonly disks: readonly VmDisk[];
}

export interface TopologyOrder {
  /** By VM: what differs from a plain fsfreeze of all but `/`. */
  readonly vms?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly groups: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface RunOptions {
  /** A state folder of its own: another machine's, as far as it knows. */
  readonly home?: string;
  readonly delays?: Delays;
  /** Besides what every run gets. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface EndToEnd {
  readonly lab: Lab;
  readonly vcsim: Vcsim;
  guest(name: string): LabGuest;
  array(name: ArrayName): LabDisk;
  /** Writes a topology file of this world. */
  topology(name: string, order: TopologyOrder): string;
  start(args: readonly string[], options?: RunOptions): Running & { cuts(): readonly Cut[] };
  run(args: readonly string[], options?: RunOptions): Promise<Ended & { readonly cuts: readonly Cut[] }>;
  /** Names of all snapshots on an array. */
  snapshotsOn(array: ArrayName): readonly string[];
  /** The image with the guest's bytes in a snapshot. */
  imageIn(array: ArrayName, snapshot: string): string;
  close(): Promise<void>;
}

const ARRAYS = {
  alpha: { driver: 'btrfs', type: 'btrfs' },
  beta: { driver: 'reflink', type: 'xfs' },
  gamma: { driver: 'reflink', type: 'xfs' },
} as const;
/** The disk whose datastore is the VM's home. */
const HOME = 'scsi0:0';
const MIB = 1024 ** 2;

/** A whole data centre on this machine: vCenter, arrays, guests, and the built program that knows them by a topology. */
export async function openWorld(orders: readonly VmOrder[]): Promise<EndToEnd> {
  const lab = openLab();
  let vcsim: Vcsim | undefined;
  try {
    const arrays = new Map<ArrayName, LabDisk>();
    for (const name of ['alpha', 'beta', 'gamma'] as const) {
      if (!orders.some(({ disks }) => disks.some(({ array }) => array === name))) continue;
      arrays.set(name, lab.disk(name, { type: ARRAYS[name].type, sizeMb: 2048 }));
    }
    const arrayOf = (name: ArrayName): LabDisk => known(arrays.get(name), `array ${name}`);
    const guests = new Map<string, LabGuest>();
    for (const { name, disks } of orders) {
      const places = disks.map((disk) => {
        const image = makeVolume(arrayOf(disk.array), disk.array, volumeName(name, disk));
        return {
          at: disk.mount,
          mount: { image, type: disk.type ?? 'ext4', ...(disk.sizeMb === undefined ? {} : { sizeMb: disk.sizeMb }) },
          disk,
        };
      });
      for (const { mount, disk } of places) makeImage(mount.image, disk);
      const root = places.find(({ at }) => at === '/');
      const mounts = Object.fromEntries(places.filter(({ at }) => at !== '/').map(({ at, mount }) => [at, mount]));
      guests.set(name, await lab.guest(name, { mounts, ...(root === undefined ? {} : { root: root.mount }) }));
    }
    const guestOf = (name: string): LabGuest => known(guests.get(name), `guest ${name}`);
    vcsim = await startVcsim({ table: tableOf(orders), through: lab.inController });
    const shims = makeShims(join(lab.folder, 'shims'));
    const home = join(lab.folder, 'home');
    let runs = 0;

    const world: EndToEnd = {
      lab,
      vcsim,
      guest: guestOf,
      array: arrayOf,
      topology(name, order) {
        const file = join(lab.folder, `${name}.yaml`);
        writeFileSync(file, stringify(topologyOf(orders, order, world)));
        return file;
      },
      start(args, options = {}) {
        const cuts = join(lab.folder, `cuts-${++runs}`);
        const env = {
          ...shimmed(shims, cuts, options.delays ?? {}),
          STILLPOINT_HOME: options.home ?? home,
          LAB_PASSWORD: world.vcsim.password,
          ...options.env,
        };
        const running = start(args, { cwd: lab.folder, env, through: lab.inController });
        return { ...running, cuts: () => readCuts(cuts) };
      },
      async run(args, options) {
        const running = world.start(args, options);
        return { ...(await running.ended), cuts: running.cuts() };
      },
      snapshotsOn(array) {
        const folder = join(arrayOf(array).here, '.stillpoint');
        return must('sh', '-c', 'if [ -d "$1" ]; then ls -A "$1"; fi', 'sh', folder)
          .split('\n')
          .filter((name) => name !== '');
      },
      imageIn: (array, snapshot) => imageOf(join(arrayOf(array).here, '.stillpoint', snapshot), array),
      async close() {
        await world.vcsim.stop();
        await lab.close();
      },
    };
    return world;
  } catch (thrown) {
    await vcsim?.stop();
    await lab.close();
    throw thrown;
  }
}

function known<T>(thing: T | undefined, what: string): T {
  if (thing === undefined) throw new Error(`this world has no ${what}`);
  return thing;
}

// ---- arrays

function volumeName(vm: string, { address }: VmDisk): string {
  return `${vm}-${address.replace(':', '-')}`;
}

function makeVolume(disk: LabDisk, array: ArrayName, volume: string): string {
  const path = join(disk.here, volume);
  if (array === 'alpha') must('btrfs', '-q', 'subvolume', 'create', path);
  return imageOf(path, array);
}

function imageOf(path: string, array: ArrayName): string {
  return array === 'alpha' ? join(path, 'lun.img') : path;
}

function makeImage(image: string, { type = 'ext4', sizeMb = 64 }: VmDisk): void {
  must('truncate', '-s', `${sizeMb}M`, image);
  const [program, ...flags] = MAKE[type];
  must(program, ...flags, image);
}

// ---- vSphere

/** A LUN a disk. */
function naaOf(orders: readonly VmOrder[], vm: string, { address, array }: VmDisk): string {
  const nth = orders.findIndex(({ name }) => name === vm);
  const unit = address.replace(/\D/g, '').padStart(3, '0');
  return `naa.6001405${'0'.repeat(19)}${Object.keys(ARRAYS).indexOf(array)}${nth}${unit}0`;
}

function tableOf(orders: readonly VmOrder[]): WorldTable {
  const disks = orders.flatMap((vm) =>
    vm.disks.map((disk) => ({ vm: vm.name, disk, naa: naaOf(orders, vm.name, disk) })),
  );
  const luns = disks.map(({ naa, disk }) => ({
    naa,
    sizeBytes: BigInt((disk.sizeMb ?? 64) * MIB),
    vendor: 'LIO-ORG',
    model: disk.array,
  }));
  const hosts = [
    { id: 'host-1', name: 'esx1.test', luns: luns.map(({ naa }, number) => ({ naa, number: number + 1 })) },
  ];
  return {
    about: {
      product: 'vcenter',
      version: '8.0.3',
      build: '24022515',
      apiVersion: '8.0.3.0',
      instanceUuid: '4f98d1ca-7359-4083-ac0b-2f1a7efea30c',
    },
    datacenter: 'Lab',
    hosts,
    luns,
    datastores: disks
      .filter(({ disk }) => disk.address === HOME)
      .map(({ vm, naa }, index) => ({
        id: `datastore-${index + 1}`,
        kind: 'vmfs' as const,
        name: `VMFS-${vm}`,
        hosts: ['host-1'],
        extents: [naa],
      })),
    vms: orders.map((order, index) => vmOf(order, index, orders)),
  };
}

function vmOf({ name, disks }: VmOrder, index: number, orders: readonly VmOrder[]): WorldVm {
  const tail = String(index + 1).padStart(12, '0');
  const home = `[VMFS-${name}] ${name}/${name}`;
  return {
    id: `vm-${index + 1}`,
    name,
    folder: [],
    host: 'host-1',
    vmx: `${home}.vmx`,
    instanceUuid: `50200000-0000-4000-8000-${tail}`,
    biosUuid: `42000000-0000-4000-8000-${tail}`,
    powerState: 'poweredOn',
    guestId: 'debian12_64Guest',
    guestFamily: 'linuxGuest',
    changeVersion: '2026-11-01T00:00:00.000001Z',
    disks: disks.map((disk, nth) => {
      const sizeBytes = BigInt((disk.sizeMb ?? 64) * MIB);
      if (disk.address === HOME) return { kind: 'file', address: disk.address, sizeBytes, files: [`${home}.vmdk`] };
      const naa = naaOf(orders, name, disk);
      return { kind: 'rdm-physical', address: disk.address, sizeBytes, naa, files: [`${home}_${nth}.vmdk`] };
    }),
  };
}

// ---- the topology

function topologyOf(orders: readonly VmOrder[], order: TopologyOrder, world: EndToEnd): unknown {
  const used = new Set(orders.flatMap(({ disks }) => disks.map(({ array }) => array)));
  return {
    version: 1,
    vsphere: {
      url: world.vcsim.url,
      username: world.vcsim.username,
      password: { env: 'LAB_PASSWORD' },
      tls: { insecure: true },
    },
    arrays: Object.fromEntries(
      [...used].map((name) => [name, { driver: ARRAYS[name].driver, local: true, root: world.array(name).here }]),
    ),
    volumes: Object.fromEntries(
      orders.flatMap(({ name, disks }) =>
        disks.map((disk) => [volumeName(name, disk), { array: disk.array, naa: naaOf(orders, name, disk) }]),
      ),
    ),
    vms: Object.fromEntries(
      orders.map(({ name, disks }) => {
        const { address, ssh, knownHosts } = world.guest(name);
        return [
          name,
          {
            ssh: { host: address, user: 'root', key: ssh.key, knownHosts, config: false },
            quiesce: 'fsfreeze',
            disks: Object.fromEntries(disks.map((disk) => [disk.address, disk.mount])),
            ...order.vms?.[name],
          },
        ];
      }),
    ),
    groups: order.groups,
  };
}

/** The state folder of a second machine. */
export function otherHome(world: EndToEnd, name: string): string {
  const folder = join(world.lab.folder, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}
