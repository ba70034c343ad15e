import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { gather } from '../../../../src/base/gather.ts';
import type { LabDisk } from '../../kit/disk.ts';
import type { LabGuest } from '../../kit/guest.ts';
import { diskAt } from '../../kit/holding.ts';
import { type Lab, openLab } from '../../kit/lab.ts';
import { must } from '../../kit/programs.ts';
import { startVcsim, type Vcsim } from '../../vcsim/start.ts';
import { type Ended, type Running, start } from './cli.ts';
import { tableOf } from './inventory.ts';
import { ARRAYS, type ArrayName, type TopologyOrder, type VmDisk, type VmOrder, volumeName } from './orders.ts';
import { type Cut, type Delays, makeShims, readCuts, shimmed } from './shims.ts';
import { ROOT, topologyOf } from './topology.ts';
import { imageOf, makeImage, makeVolume } from './volumes.ts';

export interface RunOptions {
  /** A state folder of its own: another machine's, as far as it knows. */
  readonly home?: string;
  readonly delays?: Delays;
  /** What befalls the world between the hold and the snapshot of a reflink array: a command of sh. */
  readonly meanwhile?: string;
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
  /** The state folder of whoever names no other. */
  readonly home: string;
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

/** They mostly wait: for their own init, and for their sshd. */
const GUESTS_AT_ONCE = 8;
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
        const { type = 'ext4', sizeMb, split = false } = disk;
        return { at: disk.mount, mount: { image, type, split, ...(sizeMb === undefined ? {} : { sizeMb }) } };
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
      home,
      get vcsim() {
        return serving;
      },
      async restartVcenter() {
        await serving.stop();
        serving = await startVcsim({ ...order, listen: new URL(serving.url).host, certificate: serving.certificate });
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
          ...(options.meanwhile === undefined ? {} : { LAB_MEANWHILE: options.meanwhile }),
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

/** The state folder of a second machine. */
export function otherHome(world: EndToEnd, name: string): string {
  const folder = join(world.lab.folder, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}
