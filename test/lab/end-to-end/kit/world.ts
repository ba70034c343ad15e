import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { gather } from '../../../../src/base/gather.ts';
import type { WorldTable, WorldVm } from '../../../../src/demo/table.ts';
import { type FileSystem, type LabDisk, MAKE } from '../../kit/disk.ts';
import type { LabGuest } from '../../kit/guest.ts';
import { diskAt } from '../../kit/holding.ts';
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
  /** Where it runs: another controller than the world's own. */
  through?(argv: readonly string[]): readonly string[];
}

export interface WorldOptions {
  /** The size of an array's file system; 2048. */
  readonly arrayMb?: Readonly<Partial<Record<ArrayName, number>>>;
  /** What a LUN's bytes are: `thick` ones are all written when it is made. */
  readonly luns?: 'thin' | 'thick';
  /** Arrays that are machines of their own, behind an sshd; the others are local. */
  readonly remote?: readonly ArrayName[];
  /** Where vCenter listens in the controller's namespace; 127.0.0.1. */
  readonly vcenterAddress?: string;
}

export interface EndToEnd {
  readonly lab: Lab;
  readonly vcsim: Vcsim;
  /** Starts vCenter again, where it was, with what it knew at first. */
  restartVcenter(): Promise<void>;
  guest(name: string): LabGuest;
  /** Those that carry a disk. */
  readonly arrays: readonly ArrayName[];
  array(name: ArrayName): LabDisk;
  /** The machine that a remote array is. */
  arrayHost(name: ArrayName): LabGuest;
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
/** They mostly wait: for their own init, and for their sshd. */
const GUESTS_AT_ONCE = 8;
/** Where a remote array has its LUNs. */
const ROOT = '/srv/luns';
/** The disk whose datastore is the VM's home. */
const HOME = 'scsi0:0';
const MIB = 1024 ** 2;

/** A whole data centre on this machine: vCenter, arrays, guests, and the built program that knows them by a topology. */
export async function openWorld(orders: readonly VmOrder[], options: WorldOptions = {}): Promise<EndToEnd> {
  const lab = openLab();
  const order = { table: tableOf(orders), through: lab.inController };
  let vcsim: Vcsim | undefined;
  try {
    const arrays = new Map<ArrayName, LabDisk>();
    const hosts = new Map<ArrayName, LabGuest>();
    for (const name of ['alpha', 'beta', 'gamma'] as const) {
      if (!orders.some(({ disks }) => disks.some(({ array }) => array === name))) continue;
      const disk = { type: ARRAYS[name].type, sizeMb: options.arrayMb?.[name] ?? 2048 };
      const isRemote = options.remote?.includes(name) === true;
      if (isRemote) hosts.set(name, await lab.guest(`array-${name}`, { mounts: { [ROOT]: disk }, relay: 'none' }));
      const host = hosts.get(name);
      arrays.set(name, host === undefined ? lab.disk(name, disk) : diskAt(host, ROOT));
    }
    const arrayOf = (name: ArrayName): LabDisk => known(arrays.get(name), `array ${name}`);
    const guests = new Map<string, LabGuest>();
    const started = await gather(orders, ({ name, disks }) => startVm(name, disks), GUESTS_AT_ONCE);
    for (const outcome of started) if (!outcome.ok) throw outcome.fault;
    async function startVm(name: string, disks: readonly VmDisk[]): Promise<void> {
      const places = disks.map((disk) => {
        const image = makeVolume(arrayOf(disk.array), disk.array, volumeName(name, disk));
        makeImage(image, disk, options.luns ?? 'thin');
        const { type = 'ext4', sizeMb } = disk;
        return { at: disk.mount, mount: { image, type, ...(sizeMb === undefined ? {} : { sizeMb }) } };
      });
      const root = places.find(({ at }) => at === '/');
      const mounts = Object.fromEntries(places.filter(({ at }) => at !== '/').map(({ at, mount }) => [at, mount]));
      const rooted = root === undefined ? {} : { root: root.mount };
      guests.set(name, await lab.guest(name, { mounts, ...rooted, relay: 'none' }));
    }
    const guestOf = (name: string): LabGuest => known(guests.get(name), `guest ${name}`);
    let serving = await startVcsim({ ...order, listen: `${options.vcenterAddress ?? '127.0.0.1'}:0` });
    vcsim = serving;
    const shims = makeShims(join(lab.folder, 'shims'));
    const home = join(lab.folder, 'home');
    let runs = 0;

    const world: EndToEnd = {
      lab,
      get vcsim() {
        return serving;
      },
      async restartVcenter() {
        await serving.stop();
        serving = await startVcsim({ ...order, listen: new URL(serving.url).host });
      },
      guest: guestOf,
      arrays: [...arrays.keys()],
      array: arrayOf,
      arrayHost: (name) => known(hosts.get(name), `machine of array ${name}`),
      topology(name, order) {
        const file = join(lab.folder, `${name}.yaml`);
        writeFileSync(file, stringify(topologyOf(orders, order, world, hosts)));
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
        const running = start(args, { cwd: lab.folder, env, through: options.through ?? lab.inController });
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

function makeImage(image: string, { type = 'ext4', sizeMb = 64 }: VmDisk, bytes: 'thin' | 'thick'): void {
  if (bytes === 'thin') must('truncate', '-s', `${sizeMb}M`, image);
  else must('dd', 'if=/dev/zero', `of=${image}`, 'bs=1M', `count=${sizeMb}`, 'status=none');
  const [program, ...flags] = MAKE[type];
  must(program, ...flags, image);
}

// ---- vSphere

/** A LUN a disk. */
function naaOf(orders: readonly VmOrder[], vm: string, { address, array }: VmDisk): string {
  const nth = orders.findIndex(({ name }) => name === vm);
  const place = `${Object.keys(ARRAYS).indexOf(array)}${String(nth).padStart(3, '0')}`;
  const unit = address.replace(/\D/g, '').padStart(3, '0');
  return `naa.6001405${'0'.repeat(17)}${place}${unit}0`;
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

function topologyOf(
  orders: readonly VmOrder[],
  order: TopologyOrder,
  world: EndToEnd,
  hosts: ReadonlyMap<ArrayName, LabGuest>,
): unknown {
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
      [...used].map((name) => {
        const host = hosts.get(name);
        const place =
          host === undefined ? { local: true, root: world.array(name).here } : { ssh: loginOf(host), root: ROOT };
        return [name, { driver: ARRAYS[name].driver, ...place }];
      }),
    ),
    volumes: Object.fromEntries(
      orders.flatMap(({ name, disks }) =>
        disks.map((disk) => [volumeName(name, disk), { array: disk.array, naa: naaOf(orders, name, disk) }]),
      ),
    ),
    vms: Object.fromEntries(
      orders.map(({ name, disks }) => {
        return [
          name,
          {
            ssh: loginOf(world.guest(name)),
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

function loginOf({ address, ssh, knownHosts }: LabGuest): unknown {
  return { host: address, user: 'root', key: ssh.key, knownHosts, config: false };
}

/** The state folder of a second machine. */
export function otherHome(world: EndToEnd, name: string): string {
  const folder = join(world.lab.folder, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}
