import { PassThrough, Writable } from 'node:stream';
import type { Guest } from '../../../src/ports.ts';
import { dialogue } from '../../../src/transport/dialogue.ts';
import type { Ending, Pipe } from '../../../src/transport/pipe.ts';

const hex = (text: string): string => Buffer.from(text).toString('hex');
const block = (name: string, dev: string, more: readonly string[] = []): readonly string[] => [
  `L /sys/class/block/${name} /sys/devices/pci0000:00/0000:03:00.0/host2/target2:0:1/2:0:1:0/block/${name}`,
  `F /sys/class/block/${name}/dev ${hex(`${dev}\n`)}`,
  `F /sys/class/block/${name}/size ${hex('4194304\n')}`,
  `F /sys/class/block/${name}/ro ${hex('0\n')}`,
  `F /sys/class/block/${name}/stat ${hex('60 0 2400 9 148 5 4216 29 0 20 51 0 0 0 0 28 12\n')}`,
  ...more,
];

/** A probe as a holder reports it: two disks, a volume on one, swap, a loop device, a share. */
export const PROBE: readonly string[] = [
  `F /proc/self/status ${hex('Name:\tpython3\nUid:\t0\t0\t0\t0\n')}`,
  `F /proc/self/mountinfo ${hex(
    [
      '21 1 8:0 / / rw,relatime - ext4 /dev/sda rw',
      '30 21 253:0 / /srv/mail\\040box rw,relatime shared:1 - xfs /dev/mapper/vg-mail rw',
      '31 21 0:44 / /home rw - nfs4 filer.example:/home rw,vers=4.2',
      '32 21 0:40 /@ /var rw - btrfs /dev/sdc rw,subvol=/@',
      '',
    ].join('\n'),
  )}`,
  `F /proc/swaps ${hex('Filename\tType\tSize\tUsed\tPriority\n/dev/sdd partition 1 0 -2\n/swap\\040file file 1 0 -3\n')}`,
  `F /sys/class/dmi/id/product_uuid ${hex('4230A1B2-0000-4000-8000-000000000001\n')}`,
  ...block('sda', '8:0'),
  ...block('sdb', '8:16', [
    'L /sys/class/block/sdb/holders/dm-0 /sys/devices/virtual/block/dm-0',
    `F /sys/class/block/sdb/device/vpd_pg80 ${hex('\0\x80\0\x046000')}`,
    `F /sys/class/block/sdb/device/vpd_pg83 008300100103000860000000000000a101020008`,
  ]),
  ...block('dm-0', '253:0', [
    'L /sys/class/block/dm-0/slaves/sdb /sys/devices/block/sdb',
    `F /sys/class/block/dm-0/dm/name ${hex('vg-mail\n')}`,
  ]),
  ...block('sdc', '8:32', [`F /run/udev/data/b8:32 ${hex('E:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=tank\n')}`]),
  ...block('sdd', '8:48'),
  ...block('loop0', '7:0', [`F /sys/class/block/loop0/loop/backing_file ${hex('/srv/mail box/disk.img\n')}`]),
  'L /sys/fs/btrfs/uuid-1/devices/sdc /sys/devices/block/sdc',
  'L /sys/fs/ext4/sda /sys/fs/ext4/sda',
  `F dmsetup\\040status ${hex('vg-mail: 0 409600 raid raid1 2 AA 409600/409600 idle 0 0 -\n')}`,
  'B loop0 253:0',
  'X 8:0',
  'U 77 oracle /dev/sdd',
];

/** What a holder says besides, word by word. */
export const SPOKEN: readonly string[] = [
  'ERROR not-a-mount-point /srv/mail -',
  'ERROR locked run\\0401 -',
  'MOUNT 0 /srv/mail\\040box 253:0 xfs',
  'SAME 0 /srv/twin',
  'READY pid=12 watch=13 freezer=14 mlock=yes',
  'PONG 1 - ready',
  'ARMED',
  'SYNCED',
  'REFUSED stale',
  'FROZEN 0',
  'ALL-FROZEN 1',
  'FAILED 0 EBUSY busy',
  'THAW 0 0 EINVAL',
  'THAWED by=word 77 written=-',
  'THAWED by=word 77 written=sdb:8',
  'END',
];

/** A guest that speaks as a holder does, but for one word; `forever`: there it goes on without end. */
export function wildGuest(wild: {
  readonly at: string;
  readonly lines: readonly string[];
  readonly forever?: boolean;
}): Guest {
  return {
    vm: 'guest01',
    told: new Map(),
    connect: async () => ({
      where: 'guest01',
      run: async () => ({ exit: 0, stdout: 'uid 0\npython3 /usr/bin/python3\n', stderr: '' }),
      start: async () => dialogue(holderPipe(wild)),
      close: async () => {},
    }),
  };
}

function holderPipe(wild: Parameters<typeof wildGuest>[0]): Pipe {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  stderr.end();
  let settle = (_: Ending): void => {};
  const ended = new Promise<Ending>((resolve) => {
    settle = resolve;
  });
  const answer = (line: string): void => {
    const [nonce = '', word = '', mark = ''] = line.split(' ');
    if (!/^[0-9a-f]{16}$/.test(nonce)) return;
    const words = word === wild.at ? wild.lines : sane(word, mark);
    const text = words.map((one) => `${nonce} ${one}\n`).join('');
    stdout.write(text);
    if (word === wild.at && wild.forever === true) pour(stdout, text);
  };
  let rest = '';
  const stdin = new Writable({
    write(chunk: Buffer, _, done) {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) answer(line);
      done();
    },
    final(done) {
      close();
      done();
    },
  });
  const close = (): void => {
    stdout.destroy();
    settle({ exit: 0, why: 'exit 0' });
  };
  return { stdin, stdout, stderr, ended, close, leftAs: 'it was killed' };
}

function sane(word: string, mark: string): readonly string[] {
  switch (word) {
    case 'probe':
    case 'look':
      return [...PROBE.filter((line) => !line.includes('loop0') && !line.includes('/proc/swaps')), 'END'];
    case 'open':
      return ['MOUNT 0 /srv/mail\\040box 253:0 xfs', 'READY pid=12 watch=13 freezer=14 mlock=yes'];
    case 'arm':
      return ['ARMED'];
    case 'ping':
      return [`PONG ${mark} - ${mark === '1' || mark === '2' ? 'ready' : 'held'}`];
    case 'freeze':
      return ['FROZEN 0', 'ALL-FROZEN 1'];
    case 'thaw':
      return ['THAW 0 0 EINVAL', 'THAWED by=word'];
    default:
      return [];
  }
}

function pour(stream: PassThrough, text: string): void {
  const much = text.repeat(2000);
  const go = (): void => {
    while (!stream.destroyed) if (!stream.write(much)) return void stream.once('drain', go);
  };
  go();
}
