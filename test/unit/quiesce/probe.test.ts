import { describe, expect, test } from 'vitest';
import { isDisk } from '../../../src/quiesce/probe/blocks.ts';
import { choose } from '../../../src/quiesce/probe/choose.ts';
import { countFindings, uncounted } from '../../../src/quiesce/probe/counted.ts';
import type { Facts } from '../../../src/quiesce/probe/facts.ts';
import { fingerprint } from '../../../src/quiesce/probe/fingerprint.ts';
import { guestView } from '../../../src/quiesce/probe/guest.ts';
import { guestDisk, wwnOfPage83 } from '../../../src/quiesce/probe/identity.ts';
import { usesOf } from '../../../src/quiesce/probe/uses.ts';

interface Device {
  readonly dev: string;
  readonly partOf?: string;
  readonly slaves?: readonly string[];
  readonly holders?: readonly string[];
  readonly files?: Readonly<Record<string, string | Buffer>>;
  readonly place?: string;
}

/** A guest's kernel in a few lines: devices as sysfs has them, mounts as mountinfo has them. */
function facts(
  devices: Readonly<Record<string, Device>>,
  mounts: readonly string[],
  more: Partial<Facts> & {
    readonly swaps?: readonly string[];
    readonly udev?: Readonly<Record<string, string>>;
    /** What `dmsetup status` prints. */
    readonly mapper?: string;
  } = {},
): Facts {
  const files = new Map<string, Buffer>([
    ['/proc/self/mountinfo', Buffer.from(mounts.map((line, index) => `${20 + index} 1 ${line}\n`).join(''))],
    ['/proc/swaps', Buffer.from(['Filename Type Size Used Priority', ...(more.swaps ?? [])].join('\n'))],
    ['/proc/self/status', Buffer.from('Name:\tpython3\nUid:\t0\t0\t0\t0\n')],
  ]);
  for (const [dev, text] of Object.entries(more.udev ?? {})) files.set(`/run/udev/data/b${dev}`, Buffer.from(text));
  if (more.mapper !== undefined) files.set('dmsetup status', Buffer.from(more.mapper));
  const links = new Map<string, string>(more.links);
  for (const [name, device] of Object.entries(devices)) {
    const folder = `/sys/class/block/${name}`;
    const parent = device.partOf === undefined ? '' : `/${device.partOf}`;
    links.set(
      folder,
      device.place ?? `/sys/devices/pci0000:00/0000:03:00.0/host2/target2:0:1/2:0:1:0/block${parent}/${name}`,
    );
    files.set(`${folder}/size`, Buffer.from('2097152\n'));
    files.set(`${folder}/stat`, Buffer.from('60 0 2400 9 148 5 4216 29 0 20 51\n'));
    files.set(`${folder}/dev`, Buffer.from(`${device.dev}\n`));
    if (device.partOf !== undefined) files.set(`${folder}/partition`, Buffer.from('1\n'));
    for (const slave of device.slaves ?? []) links.set(`${folder}/slaves/${slave}`, `/sys/devices/${slave}`);
    for (const holder of device.holders ?? []) links.set(`${folder}/holders/${holder}`, `/sys/devices/${holder}`);
    for (const [path, text] of Object.entries(device.files ?? {})) files.set(`${folder}/${path}`, Buffer.from(text));
  }
  return { claimed: new Set(), backing: new Map(), writers: [], ...more, files, links };
}

const ROOT = '8:1 / / rw - ext4 /dev/sda1 rw';
const SDA = { sda: { dev: '8:0' }, sda1: { dev: '8:1', partOf: 'sda' } };

function usesWith(given: Facts, ...held: readonly string[]): readonly string[] {
  return usesOf(guestView(given), new Set(held)).map(
    ({ what, disks, held: is }) => `${what} on ${disks.join('+')}${is ? ', held' : ''}`,
  );
}

describe('what a guest uses', () => {
  test('partitions and volumes are followed down to whole disks', () => {
    const given = facts(
      {
        ...SDA,
        sdb: { dev: '8:16', holders: ['dm-0'] },
        sdc: { dev: '8:32', holders: ['dm-0'] },
        'dm-0': { dev: '253:0', slaves: ['sdb', 'sdc'], files: { 'dm/name': 'vg-mail', 'dm/uuid': 'LVM-x' } },
      },
      [ROOT, '253:0 / /srv/mail rw - xfs /dev/mapper/vg-mail rw'],
    );
    expect(usesWith(given, '253:0')).toEqual(['/ on sda', '/srv/mail on sdb+sdc, held']);
  });

  test('a multipath device lies on every path, a raid on every member', () => {
    const given = facts(
      {
        sdb: { dev: '8:16', holders: ['dm-0'] },
        sdc: { dev: '8:32', holders: ['dm-0'] },
        'dm-0': { dev: '253:0', slaves: ['sdb', 'sdc'], holders: ['md0'], files: { 'dm/name': 'mpatha' } },
        sdd: { dev: '8:48', holders: ['md0'] },
        md0: { dev: '9:0', slaves: ['dm-0', 'sdd'] },
      },
      ['9:0 / /data rw - ext4 /dev/md0 rw'],
    );
    expect(usesWith(given)).toEqual(['/data on sdb+sdc+sdd']);
  });

  test('a btrfs lies on all of its members, under every subvolume', () => {
    const given = facts(
      { sdb: { dev: '8:16' }, sdc: { dev: '8:32' } },
      ['0:40 /@ /srv rw - btrfs /dev/sdb rw', '0:40 /@home /home rw - btrfs /dev/sdb rw'],
      {
        links: new Map([
          ['/dev/sdb', '/dev/sdb'],
          ['/sys/fs/btrfs/uuid-1/devices/sdb', '/sys/devices/sdb'],
          ['/sys/fs/btrfs/uuid-1/devices/sdc', '/sys/devices/sdc'],
        ]),
      },
    );
    expect(usesWith(given, '0:40')).toEqual(['/srv on sdb+sdc, held', '/home on sdb+sdc, held']);
  });

  test('a bind of a folder is no use of its own, and a hidden mount is none', () => {
    const given = facts({ ...SDA, sdb: { dev: '8:16' } }, [
      ROOT,
      '8:16 / /srv rw - ext4 /dev/sdb rw',
      '8:16 /deep /mnt/deep rw - ext4 /dev/sdb rw',
      '0:50 / /srv rw - tmpfs tmpfs rw',
    ]);
    expect(usesWith(given)).toEqual(['/ on sda', '/mnt/deep on sdb']);
  });

  test('swap is a use that no freeze holds: a partition, and a file by the disk below it', () => {
    const given = facts({ ...SDA, sdb: { dev: '8:16' } }, [ROOT], {
      swaps: ['/dev/sdb partition 1 0 -2', '/swap\\040file file 1 0 -3'],
    });
    expect(usesWith(given, '8:1')).toEqual(['/ on sda, held', 'swap on sdb on sdb', 'swap file /swap file on sda']);
  });

  test('volumes, pool members and written devices that nobody mounted are raw uses', () => {
    const given = facts(
      {
        ...SDA,
        sdb: { dev: '8:16', holders: ['dm-0'] },
        'dm-0': { dev: '253:0', slaves: ['sdb'], files: { 'dm/name': 'vg-db' } },
        sdc: { dev: '8:32' },
        sdd: { dev: '8:48' },
        sde: { dev: '8:64' },
        sdf: { dev: '8:80' },
      },
      [ROOT],
      {
        udev: { '8:32': 'E:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=tank\n' },
        writers: [{ program: 'oracle', device: '/dev/sdd' }],
        claimed: new Set(['sda1', 'sde']),
      },
    );
    expect(usesWith(given)).toEqual([
      '/ on sda',
      'volume vg-db, not mounted on sdb',
      'zfs pool tank on sdc on sdc',
      'sdd, written by oracle on sdd',
      'sde, in use by a file system on sde',
    ]);
  });

  test('a program that writes to a mounted partition, to its whole disk or to a member of a volume is a raw use', () => {
    const devices = {
      sdb: { dev: '8:16' },
      sdb1: { dev: '8:17', partOf: 'sdb' },
      sdc: { dev: '8:32', holders: ['dm-0'] },
      'dm-0': { dev: '253:0', slaves: ['sdc'], files: { 'dm/name': 'vg-mail' } },
    };
    const mounts = ['8:17 / /srv rw - xfs /dev/sdb1 rw', '253:0 / /mail rw - xfs /dev/mapper/vg-mail rw'];
    const writtenAt = (device: string): readonly string[] =>
      usesWith(facts(devices, mounts, { writers: [{ program: 'dd', device }] }), '8:17', '253:0').slice(2);
    expect(usesWith(facts(devices, mounts), '8:17', '253:0')).toEqual(['/srv on sdb, held', '/mail on sdc, held']);
    expect(writtenAt('/dev/sdb1')).toEqual(['sdb1, written by dd on sdb']);
    expect(writtenAt('/dev/sdb')).toEqual(['sdb, written by dd on sdb']);
    expect(writtenAt('/dev/dm-0')).toEqual(['vg-mail, written by dd on sdc']);
    expect(writtenAt('/dev/sdc')).toEqual(['sdc, written by dd on sdc']);
  });

  test('a layer that writes by itself at this moment is a raw use of every disk below it', () => {
    const mirrored = (action: string): readonly string[] =>
      usesWith(
        facts(
          {
            sdb: { dev: '8:16', holders: ['md0'] },
            sdc: { dev: '8:32', holders: ['md0'] },
            md0: { dev: '9:0', slaves: ['sdb', 'sdc'], files: { 'md/level': 'raid1', 'md/sync_action': action } },
          },
          ['9:0 / /data rw - ext4 /dev/md0 rw'],
        ),
        '9:0',
      );
    expect(mirrored('idle\n')).toEqual(['/data on sdb+sdc, held']);
    expect(mirrored('reshape\n')).toEqual(['/data on sdb+sdc, held', 'the reshape of md0 on sdb+sdc']);
    const cached = (state: string): readonly string[] =>
      usesWith(
        facts(
          {
            sdb: { dev: '8:16', holders: ['bcache0'] },
            sdc: { dev: '8:32', holders: ['bcache0'] },
            bcache0: { dev: '252:0', slaves: ['sdb', 'sdc'], files: { 'bcache/state': state } },
          },
          ['252:0 / /data rw - ext4 /dev/bcache0 rw'],
        ),
        '252:0',
      );
    expect(cached('clean\n')).toEqual(['/data on sdb+sdc, held']);
    expect(cached('dirty\n')).toEqual(['/data on sdb+sdc, held', 'the write-back of bcache0 on sdb+sdc']);
  });

  // As the kernel's Documentation/admin-guide/device-mapper has the words of each target; none was seen running here.
  test.each([
    ['cache 8 27/2048 128 5/512 9 9 9 9 0 5 0 1 writeback 2 migration_threshold 2048', []],
    ['cache 8 27/2048 128 5/512 9 9 9 9 0 5 3 1 writeback 2 migration_threshold 2048', ['the write-back of vg-mail']],
    ['writecache 0 25600 25600 0', []],
    ['writecache 0 25600 25000 8', ['the write-back of vg-mail']],
    ['mirror 2 253:2 253:3 2048/2048 1 AA 3 disk 253:4 A', []],
    ['mirror 2 253:2 253:3 513/2048 1 AA 1 core', ['the copying of vg-mail']],
    ['raid raid1 2 AA 409600/409600 idle 0 0 -', []],
    ['raid raid5_ls 3 AAa 4096/409600 recover 0 0 -', ['the recover of vg-mail']],
    ['linear', []],
  ])('of the device mapper: %s', (status, layers) => {
    const given = facts(
      {
        sdb: { dev: '8:16', holders: ['dm-0'] },
        'dm-0': { dev: '253:0', slaves: ['sdb'], files: { 'dm/name': 'vg-mail' } },
      },
      ['253:0 / /mail rw - xfs /dev/mapper/vg-mail rw'],
      { mapper: `vg-mail: 0 409600 ${status}\nvg-other: 0 8 cache 8 27/2048 128 5/512 9 9 9 9 0 5 3 1 writeback\n` },
    );
    expect(usesWith(given, '253:0')).toEqual(['/mail on sdb, held', ...layers.map((layer) => `${layer} on sdb`)]);
  });

  test('a file system that is read-only as a whole is still; a read-only view of it is not', () => {
    const given = facts({ sdb: { dev: '8:16' }, sdc: { dev: '8:32' } }, [
      '8:16 / /a rw - ext4 /dev/sdb ro',
      '8:32 / /b ro - ext4 /dev/sdc rw',
    ]);
    expect(usesWith(given)).toEqual(['/a on sdb, held', '/b on sdc']);
  });

  test('a loop device is a disk of its own while something writes to it, and nothing while it cannot', () => {
    const given = facts(
      {
        ...SDA,
        loop0: {
          dev: '7:0',
          files: { 'loop/backing_file': '/srv/x.img', ro: '0' },
          place: '/sys/devices/virtual/block/loop0',
        },
        loop1: {
          dev: '7:1',
          files: { 'loop/backing_file': '/snap.img', ro: '1' },
          place: '/sys/devices/virtual/block/loop1',
        },
      },
      [ROOT, '7:0 / /mnt/x rw - ext4 /dev/loop0 rw', '7:1 / /snap/core ro - squashfs /dev/loop1 ro'],
    );
    expect(usesWith(given)).toEqual(['/ on sda', '/mnt/x on loop0']);
    expect([...guestView(given).blocks.values()].filter(isDisk).map(({ name }) => name)).toContain('loop0');
  });
});

describe('which mounts are chosen', () => {
  const given = facts({ ...SDA, sdb: { dev: '8:16' }, sdc: { dev: '8:32' }, sdd: { dev: '8:48' } }, [
    ROOT,
    '8:1 /opt /opt rw - ext4 /dev/sda1 rw',
    '8:16 / /srv/mail rw - xfs /dev/sdb rw',
    '8:16 / /mnt/mail rw - xfs /dev/sdb rw',
    '8:32 / /boot/efi rw - vfat /dev/sdc rw',
    '8:48 / /media ro - ext4 /dev/sdd ro',
    '0:60 / /home rw - nfs4 filer:/home rw',
  ]);

  test('automatically: what can be frozen, once, never / under any name', () => {
    const { paths, findings } = choose(guestView(given), 'auto', 'python3', 'mail01');
    expect(paths).toEqual(['/srv/mail']);
    expect(findings).toMatchObject([{ code: 'quiesce.elsewhere', severity: 'warning' }]);
    expect(findings[0]?.message).toContain('/home lies on filer:/home (nfs4)');
  });

  const codes = (mounts: readonly string[], form: 'python3' | 'sh' = 'python3'): readonly string[] =>
    choose(guestView(given), mounts, form, 'mail01')
      .findings.filter(({ severity }) => severity === 'error')
      .map(({ code }) => code);

  test('each wrong name has its own finding', () => {
    expect(codes(['/srv/mail/box'])).toEqual(['quiesce.not-a-mount-point']);
    expect(codes(['/boot/efi'])).toEqual(['quiesce.not-freezable']);
    expect(codes(['/home'])).toEqual(['quiesce.not-freezable']);
    expect(codes(['/opt'])).toEqual(['quiesce.is-root']);
    expect(codes(['/'], 'sh')).toEqual(['quiesce.sh-holds-no-root']);
    expect(codes(['/', '/srv/mail'])).toEqual([]);
  });

  test('nothing to hold is said, not passed over', () => {
    const { findings } = choose(guestView(facts(SDA, [ROOT])), 'auto', 'python3', 'mail01');
    expect(findings.map(({ code }) => code)).toEqual(['quiesce.nothing-to-hold']);
  });

  test('a loop device is judged by the device that the kernel names, not by a path of another namespace', () => {
    const loop = { loop0: { dev: '7:0', files: { 'loop/backing_file': '/srv/mail/x.img', ro: '0' } } };
    const base = { sdb: { dev: '8:16' }, ...loop };
    const mounts = ['8:16 / /srv/mail rw - xfs /dev/sdb rw'];
    const code = (told: readonly (readonly [string, string])[], form: 'python3' | 'sh' = 'python3') =>
      choose(guestView(facts(base, mounts, { backing: new Map(told) })), 'auto', form, 'm').findings.map(
        (finding) => finding.code,
      );
    expect(code([['loop0', '8:16']])).toEqual(['quiesce.loop-backing']);
    expect(code([['loop0', '254:0']])).toEqual([]);
    // Detached while the guest was looked at: its path was read, and the kernel knows it no longer.
    expect(code([])).toEqual([]);
    expect(code([], 'sh')).toEqual(['quiesce.loop-backing']);
  });
});

describe('disks of which nobody can tell whether they are written to', () => {
  const STAT = '60 0 2400 9 148 5 4216 29 0 20 51 0 0 0 0 28 12\n';
  const findings = (files: Readonly<Record<string, string>>, more: Parameters<typeof facts>[0] = {}) => {
    const devices = { sdb: { dev: '8:16', files: { stat: STAT, ...files } }, sdc: { dev: '8:32' }, ...more };
    const view = guestView(facts(devices, ['8:16 / /srv rw - xfs /dev/sdb rw', '8:32 / /tmp rw - xfs /dev/sdc rw']));
    return countFindings(view, usesOf(view, new Set(['8:16'])), 'mail01').map(({ message }) => message);
  };

  test('are told, with the reason; a disk that no hold would still is not', () => {
    expect(findings({})).toEqual([]);
    expect(findings({ 'queue/iostats': '1\n' })).toEqual([]);
    expect(findings({ 'queue/iostats': '0\n' })).toEqual([
      'what is written to sdb while it is held cannot be told (its counters are switched off): a hold gives `crash` here',
    ]);
    expect(findings({ stat: '0 0 0 0 0 0 0 0 0 0 0\n' })[0]).toContain('its counters stand still');
    expect(findings({ stat: '' })[0]).toContain('its counters cannot be read');
    expect(findings({}, { sdc: { dev: '8:32', files: { stat: '' } } })).toEqual([]);
  });

  test('are those under a mirror or a raid: it writes its records after whatever was written through it', () => {
    const members = {
      sdb: { dev: '8:16', holders: ['md0'] },
      sdc: { dev: '8:32', holders: ['md0'] },
    };
    const raid = (level: string) => {
      const md0 = { dev: '9:0', slaves: ['sdb', 'sdc'], files: { 'md/level': level, 'md/sync_action': 'idle\n' } };
      return [...uncounted(guestView(facts({ ...members, md0 }, ['9:0 / /data rw - ext4 /dev/md0 rw']))).keys()];
    };
    expect(raid('raid1\n')).toEqual(['sdb', 'sdc']);
    expect(raid('raid0\n')).toEqual([]);
  });
});

describe('who a disk is', () => {
  const page80 = Buffer.from(`\0\x80\0\x20${'6000c29d3a1b4f5e8c7d6b5a49382716'}`, 'latin1');
  /** T10 vendor text, an EUI-64, a target port's NAA, the unit's NAA of 8 and of 16 bytes: as arrays send them. */
  const page83 = Buffer.from(
    [
      '00830042',
      '0201000868656c6c6f212121',
      '0102000800112233445566aa',
      '019300085000000000000001',
      '010300085000c500aabbccdd',
      '01030010600140500cb2e3f4a5b6c7d8e9fa0b1c',
    ].join(''),
    'hex',
  );

  test('by VPD pages: the serial, and the longest NAA of the unit itself', () => {
    expect(wwnOfPage83(page83)).toBe('naa.600140500cb2e3f4a5b6c7d8e9fa0b1c');
    expect(wwnOfPage83(page83.subarray(0, 28))).toBe('eui.00112233445566aa');
    expect(wwnOfPage83(undefined)).toBeUndefined();
    expect(wwnOfPage83(Buffer.from('0083', 'hex'))).toBeUndefined();
  });

  test('with its SCSI address and the PCI address of its controller', () => {
    const given = facts({ sdb: { dev: '8:16', files: { 'device/vpd_pg80': page80, 'device/vpd_pg83': page83 } } }, []);
    const view = guestView(given);
    const [block] = [...view.blocks.values()];
    expect(block && guestDisk(block, given)).toEqual({
      name: 'sdb',
      sizeBytes: 1n << 30n,
      serial: '6000c29d3a1b4f5e8c7d6b5a49382716',
      wwn: 'naa.600140500cb2e3f4a5b6c7d8e9fa0b1c',
      scsi: { host: 2, target: 1, lun: 0 },
      pci: '0000:03:00.0',
    });
  });

  test('behind a SAS adapter its target is no unit, and is not told', () => {
    const place = '/sys/devices/pci0000:00/0000:03:00.0/host2/port-2:1/end_device-2:1/target2:0:1/2:0:1:0/block/sdb';
    const given = facts({ sdb: { dev: '8:16', place } }, []);
    const [block] = [...guestView(given).blocks.values()];
    expect(block && guestDisk(block, given)).toEqual({ name: 'sdb', sizeBytes: 1n << 30n, pci: '0000:03:00.0' });
  });

  test('by what udev knows, where sysfs is silent', () => {
    const given = facts({ sdb: { dev: '8:16' } }, [], {
      udev: { '8:16': 'E:ID_SERIAL_SHORT=6000C29D-0000\nE:ID_WWN_WITH_EXTENSION=0x6000c29d00000000000000000000000a\n' },
    });
    const [block] = [...guestView(given).blocks.values()];
    expect(block && guestDisk(block, given)).toMatchObject({
      serial: '6000c29d0000',
      wwn: 'naa.6000c29d00000000000000000000000a',
    });
  });
});

describe('what a hold depends on', () => {
  const devices = {
    ...SDA,
    sdb: { dev: '8:16' },
    sdb1: { dev: '8:17', partOf: 'sdb' },
    sdb2: { dev: '8:18', partOf: 'sdb' },
    sdc: { dev: '8:32' },
  };
  const mounts = [ROOT, '8:17 / /srv rw - xfs /dev/sdb1 rw'];
  const seen = (more: Parameters<typeof facts>[2] = {}): string =>
    fingerprint(guestView(facts(devices, mounts, more)), new Set(['8:17']));

  test('changes when somebody begins to use a disk that would be still', () => {
    const before = seen();
    expect(seen({ claimed: new Set(['sdb2']) })).not.toBe(before);
    expect(seen({ writers: [{ program: 'dd', device: '/dev/sdb2' }] })).not.toBe(before);
    expect(seen({ swaps: ['/dev/sdb2 partition 1 0 -2'] })).not.toBe(before);
    expect(seen({ swaps: ['/srv/swap file 1 0 -2'] })).not.toBe(before);
  });

  test('is the same whoever uses one that would not', () => {
    const before = seen();
    expect(seen({ claimed: new Set(['sdc']) })).toBe(before);
    expect(seen({ swaps: ['/dev/sdc partition 1 0 -2', '/var/swap file 1 0 -2'] })).toBe(before);
  });
});
