import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { deadline } from '../../../src/base/deadline.ts';
import { Fault } from '../../../src/base/fault.ts';
import { check } from '../../../src/flows/check/check.ts';
import type { GuestSide, World } from '../../../src/flows/survey.ts';
import { deviceKey } from '../../../src/inventory/device.ts';
import type { DeviceKey, DiskPlacement, GuestUse, Placement, VmPlacement } from '../../../src/model.ts';
import { fsfreezeSettings } from '../../../src/quiesce/fsfreeze/config.ts';
import { fsfreeze } from '../../../src/quiesce/fsfreeze/method.ts';
import { parseTopology } from '../../../src/topology/read.ts';
import { checkLines } from '../../../src/ui/check.ts';
import { simulatedArray } from '../../doubles/array/array.ts';
import { simulated as simulatedDriver } from '../../doubles/array/driver.ts';
import { type SimulatedGuest, simulated as simulatedGuest } from '../../doubles/guest.ts';
import { handClock } from '../../sim/hand-clock.ts';
import { expectGolden } from '../golden.ts';

/** One thing wrong of each kind, and one of each that stands. */
const TOPOLOGY = `
version: 1
vsphere: { url: "https://vc.example/sdk" }
arrays: { fast: { driver: any }, bulk: { driver: any }, silent: { driver: any }, refusing: { driver: any } }
tiers:
  tier-1: { arrays: [fast], expect: [rdm] }
  tier-2: { arrays: [bulk], expect: [vmfs] }
vms:
  good01: { ssh: { host: good01 }, quiesce: { method: any } }
  loose01: { ssh: { host: loose01 }, quiesce: { method: any } }
  loose02: { ssh: { host: loose02 }, quiesce: { method: any } }
  moved01: { ssh: { host: moved01 }, quiesce: { method: any } }
  swap01: { ssh: { host: swap01 }, quiesce: { method: any } }
  unknown01: { ssh: { host: unknown01 }, quiesce: { method: fsfreeze } }
  printer: {}
  scanner: {}
groups:
  good: { vms: [good01] }
  loose: { vms: [loose01, loose02] }
  loose-again: { vms: [loose02] }
  moved: { vms: [moved01] }
  swapped: { vms: [swap01] }
  strange: { vms: [unknown01, printer, scanner] }
`;
const GIB = 1n << 30n;
const [BOOT, DATA, STRAY] = [lun('b0'), lun('a1'), lun('99')];

describe('check on a world in which much is wrong', () => {
  test('says every thing on a line, worst first, each with its remedy, and counts them', async () => {
    const clock = handClock();
    const empty = z.strictObject({});
    const makes = { arrays: { any: empty }, methods: { any: empty, fsfreeze: fsfreezeSettings } };
    const { topology } = parseTopology(TOPOLOGY, '/etc/stillpoint.yaml', makes);
    if (topology === undefined) throw new Error('the topology is not the broken thing here');

    const array = (id: string, device: DeviceKey, name: string) =>
      simulatedArray(id, { volumes: [{ name, device, sizeBytes: 100n * GIB }] }, clock);
    const [fast, bulk, silent, refusing] = [
      array('fast', DATA, 'db_data'),
      array('bulk', BOOT, 'vmfs_boot'),
      array('silent', lun('c1'), 'x'),
      array('refusing', lun('c2'), 'y'),
    ];
    silent.failNext('check', { kind: 'lost', executed: false });
    refusing.failNext('check', { kind: 'refused' });

    const side = (vm: string, guest: SimulatedGuest): [string, GuestSide] => [
      vm,
      {
        guest: { vm, connect: () => Promise.reject(new Error('a simulated guest has no shell')), told: new Map() },
        quiescers: [simulatedGuest(clock, guest)],
      },
    ];
    const hostKey = new Fault({
      code: 'ssh.host-key-unknown',
      message: 'unknown01: its host key is not known (ED25519 SHA256:Zm9v…)',
      hint: 'If that is its key, add to known_hosts: unknown01 ssh-ed25519 AAAAC3…',
    });
    const world: World = {
      clock,
      topology,
      drivers: new Map([fast, bulk, silent, refusing].map((one) => [one.id, simulatedDriver(one)])),
      guests: new Map([
        side('good01', guestWith([held('/srv', 'sdb')])),
        side('loose01', guestWith([{ ...held('/srv', 'sdb'), held: false }])),
        side('loose02', guestWith([{ ...held('/srv', 'sdb'), held: false }])),
        side('moved01', { ...guestWith([held('/srv', 'sdb')]), disks: MOVED_DISKS }),
        side(
          'swap01',
          guestWith([held('/srv', 'sdb'), { what: 'swap on sdb2', kind: 'swap', disks: ['sdb'], held: false }]),
        ),
        [
          'unknown01',
          {
            guest: { vm: 'unknown01', connect: () => Promise.reject(hostKey), told: new Map() },
            quiescers: [fsfreeze(fsfreezeSettings.parse({}), { clock })],
          },
        ],
        ...['printer', 'scanner'].map((vm): [string, GuestSide] => [
          vm,
          {
            guest: { vm, connect: () => Promise.reject(new Error('no login')), told: new Map() },
            quiescers: [],
          },
        ]),
      ]),
      reader: {
        read: async (vms) => placementOf(vms.map(({ vm }) => vm)),
        disturbances: async () => [],
      },
      ground: { biosUuids: [], hosts: new Map() },
      emit: () => {},
    };
    const limit = deadline(clock, 30_000, 'checking');
    const lines = await clock.drive(check(world, [...topology.groups.values()], limit));
    limit.done();
    expect(
      lines
        .filter(({ stands }) => !stands)
        .every(({ hint, code }) => hint !== undefined || code === 'deadline' || code === 'array.refused'),
    ).toBe(true);
    expectGolden(`${checkLines(lines).join('\n')}\n`, new URL('broken-world.txt', import.meta.url));
  });
});

/** What was a raw LUN is a virtual disk now. */
const MOVED_DISKS = [
  { name: 'sda', serial: '6000c29a000000000000000000000001' },
  { name: 'sdb', serial: '6000c29a000000000000000000000002' },
];

function guestWith(uses: readonly GuestUse[]): SimulatedGuest {
  return {
    disks: [
      { name: 'sda', serial: '6000c29a000000000000000000000001' },
      { name: 'sdb', wwn: DATA },
    ],
    uses: [{ what: '/', kind: 'mount', fsType: 'ext4', disks: ['sda'], held: false }, ...uses],
  };
}

function held(what: string, disk: string): GuestUse {
  return { what, kind: 'mount', fsType: 'xfs', disks: [disk], held: true };
}

const ABSENT = ['printer', 'scanner'];

function placementOf(vms: readonly string[]): Placement {
  return {
    takenAt: '',
    source: 'VMware vCenter Server 8.0.3',
    vms: vms.filter((vm) => !ABSENT.includes(vm)).map(placed),
    datastores: [{ name: 'VMFS-BOOT', ref: 'Datastore:1', kind: 'vmfs', devices: [BOOT], vms: [] }],
    findings: vms
      .filter((vm) => ABSENT.includes(vm))
      .map((subject) => ({
        code: 'vsphere.vm-not-found',
        severity: 'error',
        subject,
        message: 'vSphere shows no VM of this name',
        hint: 'Did you mean printer01? Else say which with `vm:`.',
      })),
  };
}

/** moved01's data was moved to the datastore; unknown01 has a LUN that no array knows. */
function placed(vm: string): VmPlacement {
  const data: DiskPlacement =
    vm === 'moved01'
      ? { ...disk(1, 'vmfs', DATA), uuid: '6000C29a-0000-0000-0000-000000000002' }
      : disk(1, 'rdm-physical', vm === 'unknown01' ? STRAY : DATA);
  return {
    vm,
    ref: `VirtualMachine:${vm}`,
    path: `/DC1/vm/${vm}`,
    instanceUuid: vm,
    biosUuid: vm,
    powerState: 'poweredOn',
    changeVersion: '1',
    encrypted: false,
    home: { file: `[VMFS-BOOT] ${vm}.vmx`, devices: [BOOT] },
    disks: [{ ...disk(0, 'vmfs', BOOT), uuid: '6000C29a-0000-0000-0000-000000000001' }, data],
    snapshots: [],
  };
}

function disk(number: number, kind: DiskPlacement['kind'], device: DeviceKey): DiskPlacement {
  return {
    address: `scsi0:${number}`,
    key: 2000 + number,
    label: `Hard disk ${number + 1}`,
    kind,
    sizeBytes: 100n * GIB,
    sharing: 'none',
    files: [],
    data: [device],
    metadata: [],
  };
}

function lun(end: string): DeviceKey {
  const key = deviceKey(`naa.600000000000000000000000000000${end}`);
  if (key === undefined) throw new Error('no device');
  return key;
}
