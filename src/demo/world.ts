import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gather } from '../base/gather.ts';
import { type DemoArray, makeArray } from './arrays.ts';
import { type DemoGuest, type GuestDisk, startGuest } from './guest.ts';
import type { ImageSpots } from './image.ts';
import { LEDGER_BYTES } from './spot.ts';
import { newSshKey } from './ssh-key.ts';
import type { WorldDisk, WorldTable } from './table.ts';
import { topologyText } from './topology-text.ts';
import { startVcenter, type Vcenter } from './vcenter.ts';

export interface WorldWish {
  /** Every VM has its boot disk first and its data disk second. */
  readonly table: WorldTable;
  readonly arrays: readonly WorldArray[];
  /** Between two writes of a guest. */
  readonly everyMs: number;
  /** The group's name, with all VMs in it. */
  readonly group: string;
}

interface WorldArray {
  readonly id: string;
  readonly latencyMs: number;
  /** The array's own name of each LUN that it presents. */
  readonly volumes: readonly { readonly naa: string; readonly name: string }[];
  readonly tier: { readonly name: string; readonly expect: readonly string[] };
}

export interface SmallWorld {
  /** Everything lies in here; its `state` is the state folder of the topology. */
  readonly folder: string;
  readonly topology: string;
  readonly state: string;
  readonly vcenter: Vcenter;
  readonly guests: readonly DemoGuest[];
  /** Where the ledgers of all guests stand in the snapshots of one label, volume by volume. */
  images(nameOf: (array: string, volume: string) => string): readonly ImageSpots[];
  /** Every snapshot on every array goes. */
  clearArrays(): Promise<void>;
  /** Ends every server and every process; what lies in the folder stays. */
  close(): Promise<void>;
}

/** Where a disk lies: on which volume of which array, and at which offset of its image. */
interface Place {
  readonly disk: WorldDisk;
  readonly array: DemoArray;
  readonly volume: string;
  readonly offset: number;
}

const USER = 'reader@demo.example';

/** Starts a vCenter, arrays and guests on loopback, and writes the topology that describes them. */
export async function startWorld(wish: WorldWish): Promise<SmallWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-'));
  const undo: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(undo.splice(0).map((each) => each()));
  };
  try {
    const key = newSshKey();
    await writeFile(join(folder, 'id_ecdsa'), key.private, { mode: 0o600 });
    const password = randomBytes(12).toString('base64url');
    await writeFile(join(folder, 'vcenter-password'), `${password}\n`, { mode: 0o600 });
    const vcenter = await startVcenter({ table: wish.table, username: USER, password });
    undo.push(() => vcenter.close());

    const places = await makePlaces(join(folder, 'arrays'), wish);
    const started = await gather(places.vms, (vm) => startOne(join(folder, 'guests'), vm, wish.everyMs, key.public));
    const guests = started.flatMap((outcome) => (outcome.ok ? [outcome.value] : []));
    for (const guest of guests) undo.push(() => guest.close());
    for (const outcome of started) if (!outcome.ok) throw outcome.fault;
    const topology = join(folder, 'stillpoint.yaml');
    const state = join(folder, 'state');
    await writeFile(topology, topologyText(wish, { arrays: places.arrays, vcenter, username: USER, guests, state }));
    return {
      folder,
      topology,
      state,
      vcenter,
      guests,
      images: (nameOf) =>
        places.vms.map(({ vm, boot, data }) => ({
          vm,
          boot: { file: boot.array.snapshot(nameOf(boot.array.id, boot.volume)), offset: boot.offset },
          data: { file: data.array.snapshot(nameOf(data.array.id, data.volume)), offset: data.offset },
        })),
      async clearArrays() {
        await Promise.all(places.arrays.map((array) => array.clear()));
      },
      close,
    };
  } catch (thrown) {
    await close();
    await rm(folder, { recursive: true, force: true });
    throw thrown;
  }
}

interface PlacedVm {
  readonly vm: string;
  readonly biosUuid: string;
  readonly boot: Place;
  readonly data: Place;
}

interface Places {
  readonly arrays: readonly DemoArray[];
  readonly vms: readonly PlacedVm[];
}

async function makePlaces(folder: string, { table, arrays }: WorldWish): Promise<Places> {
  await mkdir(folder);
  const made: DemoArray[] = [];
  for (const { id, latencyMs, volumes } of arrays)
    made.push(await makeArray(folder, { id, latencyMs, volumes: volumes.map((volume) => volume.name) }));

  const taken = new Map<string, number>();
  const placeOf = (disk: WorldDisk): Place => {
    const naa = lunUnder(table, disk);
    for (const [index, array] of made.entries()) {
      const volume = arrays[index]?.volumes.find((each) => each.naa === naa);
      if (volume === undefined) continue;
      const slot = taken.get(naa) ?? 0;
      taken.set(naa, slot + 1);
      return { disk, array, volume: volume.name, offset: slot * LEDGER_BYTES };
    }
    throw new Error(`no array presents ${naa}`);
  };
  const vms = table.vms.map((vm) => {
    const [boot, data] = vm.disks;
    if (boot === undefined || data === undefined) throw new Error(`${vm.name} has no two disks`);
    return { vm: vm.name, biosUuid: vm.biosUuid, boot: placeOf(boot), data: placeOf(data) };
  });
  return { arrays: made, vms };
}

/** The LUN that the guest's bytes lie on: a raw disk's own, or the first extent under a file. */
function lunUnder(table: WorldTable, disk: WorldDisk): string {
  if (disk.kind !== 'file') return disk.naa;
  const store = table.datastores.find((each) => disk.files[0]?.startsWith(`[${each.name}] `));
  const naa = store?.kind === 'vmfs' ? store.extents[0] : undefined;
  if (naa === undefined) throw new Error(`${disk.files[0]} lies on no LUN of the table`);
  return naa;
}

function startOne(folder: string, vm: PlacedVm, everyMs: number, allowedKey: string): Promise<DemoGuest> {
  return startGuest(folder, {
    name: vm.vm,
    biosUuid: vm.biosUuid,
    boot: { ...inGuest(vm.boot), mount: '/var', fsType: 'ext4' },
    data: { ...inGuest(vm.data), mount: '/srv/data', fsType: 'xfs' },
    everyMs,
    allowedKey,
  });
}

function inGuest({ disk, array, volume, offset }: Place): Pick<GuestDisk, 'target' | 'sizeBytes' | 'wwid' | 'spot'> {
  return {
    target: Number(disk.address.split(':')[1]),
    sizeBytes: disk.sizeBytes,
    wwid: disk.kind === 'file' ? `naa.${(disk.uuid ?? '').replaceAll('-', '')}` : disk.naa,
    spot: { file: array.volume(volume), offset },
  };
}
