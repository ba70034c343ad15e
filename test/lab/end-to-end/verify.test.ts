import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { readCopy } from '../../../src/ledger/copy.ts';
import { LEDGER_FILE } from '../../../src/ledger/record.ts';
import { needs } from '../../needs.ts';
import { type BusyWriter, startBusyWriter } from '../kit/busy-writer.ts';
import { diskAt } from '../kit/holding.ts';
import { must } from '../kit/programs.ts';
import type { Running } from './kit/cli.ts';
import { LAB } from './kit/needs.ts';
import { manifestIn, type Paper } from './kit/papers.ts';
import { type EndToEnd, openWorld } from './kit/world.ts';

const PATIENCE_MS = 300_000;
const HELD_MOUNTS = ['/mnt/ext4', '/mnt/xfs', '/mnt/btrfs'] as const;

const answer = z.object({
  type: z.literal('verify'),
  verified: z.array(z.object({ subject: z.string(), is: z.string(), code: z.string(), message: z.string() })),
});
type Line = z.infer<typeof answer>['verified'][number];

needs(...LAB, 'unshare')('verify, by the built program over real arrays', () => {
  let world: EndToEnd;
  let topology: string;
  const writers: BusyWriter[] = [];
  let ledger: Running | undefined;

  beforeAll(async () => {
    world = await openWorld([
      {
        name: 'mail01',
        disks: [
          { address: 'scsi0:0', mount: '/', array: 'beta' },
          { address: 'scsi0:1', mount: '/mnt/ext4', array: 'alpha' },
          { address: 'scsi0:2', mount: '/mnt/xfs', array: 'beta', type: 'xfs', sizeMb: 300 },
          { address: 'scsi0:3', mount: '/mnt/btrfs', array: 'alpha', type: 'btrfs', sizeMb: 128 },
        ],
      },
      {
        name: 'free01',
        disks: [
          { address: 'scsi0:0', mount: '/', array: 'beta' },
          { address: 'scsi0:1', mount: '/mnt/xfs', array: 'beta', type: 'xfs', sizeMb: 300 },
          { address: 'scsi0:2', mount: '/mnt/btrfs', array: 'alpha', type: 'btrfs', sizeMb: 128 },
        ],
      },
    ]);
    topology = world.topology('verify', {
      vms: { free01: { quiesce: 'none' } },
      groups: { held: { vms: ['mail01'], window: '10s' }, free: { vms: ['free01'], require: 'unproven' } },
    });
    for (const [name, mounts] of [
      ['mail01', ['/', '/mnt/ext4', '/mnt/xfs', '/mnt/btrfs']],
      ['free01', ['/', '/mnt/xfs', '/mnt/btrfs']],
    ] as const) {
      const guest = world.guest(name);
      const writer = startBusyWriter(mounts, ['nsenter', '-t', String(guest.pid), '-m', '--']);
      writers.push(writer);
      for (const mount of mounts) await writer.goesOn(diskAt(guest, mount).here);
    }
    ledger = world.start(['ledger', 'write', '--vm', 'mail01', ...HELD_MOUNTS, '-t', topology]);
    await vi.waitFor(() => expect(records()).toBeGreaterThan(100), { timeout: 30_000, interval: 100 });
  }, PATIENCE_MS);
  afterAll(async () => {
    ledger?.signal('SIGTERM');
    await ledger?.ended;
    for (const writer of writers) writer.stop();
    await world?.close();
  }, PATIENCE_MS);

  /** The ledger's last record so far. */
  function records(): number {
    const all = HELD_MOUNTS.map((mount) => join(diskAt(world.guest('mail01'), mount).here, LEDGER_FILE));
    return Math.max(
      ...all.map((file) =>
        existsSync(file) ? readCopy({ volume: file, text: readFileSync(file, 'latin1') }).last : 0,
      ),
    );
  }

  async function take(group: string, exit: number): Promise<Paper> {
    const paper = join(world.lab.folder, `${group}.json`);
    const ended = await world.run(['snapshot', group, '-t', topology, '--manifest', paper]);
    expect(ended.exit, ended.stderr).toBe(exit);
    return manifestIn(paper, ended.stderr);
  }

  async function verify(set: string, exit: number, of = topology): Promise<readonly Line[]> {
    const ended = await world.run(['verify', set, '-t', of, '--json', '--timeout', '60s']);
    const said = answer.safeParse(JSON.parse(ended.stdout));
    expect({ exit: ended.exit, said: said.data?.verified }, ended.stdout + ended.stderr).toMatchObject({ exit });
    return said.data?.verified ?? [];
  }

  /** What a volume's bytes showed. */
  function inside(lines: readonly Line[], volume: string): string {
    return (
      lines.find(({ subject, code }) => subject.endsWith(`: ${volume}`) && code !== 'verify.snapshot')?.message ?? ''
    );
  }

  function nameOf(paper: Paper, volume: string): string {
    return paper.snapshots.find(({ source }) => source.name === volume)?.name ?? '';
  }

  test(
    'a set of a held guest is what its manifest says, inside its snapshots too, and nothing is changed by looking',
    async () => {
      const { id } = await take('held', 0);
      const before = everything(world);
      const lines = await verify('latest:held', 0);
      expect(lines.filter(({ is }) => is === 'wrong' || is === 'unreachable')).toEqual([]);
      expect(inside(lines, 'mail01-scsi0-1')).toMatch(/^ext4: needs no recovery .*, as mail01 scsi0:1 was held/);
      expect(inside(lines, 'mail01-scsi0-2')).toMatch(/^xfs: needs no recovery .*, as mail01 scsi0:2 was held/);
      expect(inside(lines, 'mail01-scsi0-3')).toMatch(
        /^btrfs: needs no recovery .*, as mail01 scsi0:3 was held; btrfs check/,
      );
      expect(lines.find(({ subject }) => subject.startsWith('ledger '))).toMatchObject({
        is: 'as-recorded',
        message: expect.stringMatching(
          /^One instant, as far as this ledger tells: \d{3,} records on 3 volumes, none missing$/,
        ),
      });
      expect(inside(lines, 'mail01-scsi0-0')).toMatch(/^ext4: needs recovery .*, as may be where nobody held it/);
      expect(everything(world)).toEqual(before);
      const { exit, stdout } = await world.run(['verify', id.slice(0, -2), '-t', topology, '--quick']);
      expect({ exit, end: stdout.trim().split('\n').at(-1) }).toEqual({
        exit: 0,
        end: `${id}: 9 as the manifest says`,
      });
    },
    PATIENCE_MS,
  );

  test(
    'what nobody held needs recovery, as its manifest lets expect',
    async () => {
      const { id } = await take('free', 3);
      const lines = await verify(id, 0);
      for (const [volume, type] of [
        ['free01-scsi0-0', 'ext4'],
        ['free01-scsi0-1', 'xfs'],
        ['free01-scsi0-2', 'btrfs'],
      ] as const) {
        expect(inside(lines, volume)).toMatch(
          new RegExp(`^${type}: needs recovery .*, as may be where nobody held it`),
        );
      }
    },
    PATIENCE_MS,
  );

  test(
    'an array that cannot be reached ends with 4, and the rest is told',
    async () => {
      const document = parse(readFileSync(topology, 'utf8'));
      const { key } = world.guest('mail01').ssh;
      document.arrays.alpha = {
        driver: 'btrfs',
        root: document.arrays.alpha.root,
        ssh: { host: '203.0.113.7', key, config: false },
      };
      const elsewhere = join(world.lab.folder, 'elsewhere.yaml');
      writeFileSync(elsewhere, stringify(document));
      const lines = await verify('latest:held', 4, elsewhere);
      expect(lines[0]).toMatchObject({ subject: 'array alpha', is: 'unreachable' });
      expect(lines.filter(({ is, subject }) => is === 'as-recorded' && subject.startsWith('beta: '))).toHaveLength(4);
    },
    PATIENCE_MS,
  );

  test(
    'one removed, one replaced, one cut short, one that was written to: each is named, and it ends with 3',
    async () => {
      const paper = await take('held', 0);
      const file = (volume: string): string =>
        world.imageIn(volume.endsWith('0') || volume.endsWith('2') ? 'beta' : 'alpha', nameOf(paper, volume));
      const folder = join(world.array('beta').here, '.stillpoint');
      must('rm', '-f', file('mail01-scsi0-0'));
      must('cp', '--reflink=always', file('mail01-scsi0-2'), join(folder, 'second'));
      must('mv', '-f', join(folder, 'second'), file('mail01-scsi0-2'));
      for (const volume of ['mail01-scsi0-1', 'mail01-scsi0-3']) {
        must('btrfs', 'property', 'set', '-f', join(file(volume), '..'), 'ro', 'false');
      }
      needRecovery(file('mail01-scsi0-1'));
      must('truncate', '-s', '100M', file('mail01-scsi0-3'));
      const lines = await verify(paper.id, 3);
      expect(
        Object.fromEntries(lines.filter(({ is }) => is === 'wrong').map(({ subject, code }) => [subject, code])),
      ).toEqual({
        'alpha: mail01-scsi0-1': 'verify.needs-recovery',
        'alpha: mail01-scsi0-3': 'verify.other-size',
        'beta: mail01-scsi0-0': 'verify.gone',
        'beta: mail01-scsi0-2': 'verify.replaced',
      });
    },
    PATIENCE_MS,
  );

  test(
    'one byte of the manifest that is another ends with 3, and no array is believed to match it',
    async () => {
      const { id } = await take('held', 0);
      const manifest = join(world.lab.folder, 'home', 'sets', 'held', id, 'manifest.json');
      const text = readFileSync(manifest, 'utf8');
      const at = text.indexOf('"windowMs": ') + '"windowMs": '.length;
      writeFileSync(manifest, `${text.slice(0, at)}9${text.slice(at + 1)}`);
      expect(await verify(id, 3)).toMatchObject([
        { subject: 'manifest', is: 'wrong', message: expect.stringContaining('checksum') },
      ]);
    },
    PATIENCE_MS,
  );
});

/** As a kernel would mark it that mounts it writable. */
function needRecovery(image: string): void {
  const [at, bytes] = [1024 + 0x60, Buffer.alloc(1)];
  const open = openSync(image, 'r+');
  readSync(open, bytes, 0, 1, at);
  writeSync(open, Buffer.from([(bytes[0] ?? 0) | 0x4]), 0, 1, at);
  closeSync(open);
}

/** All that a look could leave behind: snapshots, loop devices, mounts, papers. */
function everything(world: EndToEnd): unknown {
  const home = join(world.lab.folder, 'home');
  const papers = readdirSync(home, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
  return {
    snapshots: (['alpha', 'beta'] as const).map((array) => world.snapshotsOn(array)),
    loops: must('losetup', '-a')
      .split('\n')
      .filter((line) => line.includes(world.lab.folder)).length,
    mounts: must('findmnt', '-rno', 'TARGET')
      .split('\n')
      .filter((line) => line.startsWith(world.lab.folder)),
    papers: papers.map((file) => [file, createHash('sha256').update(readFileSync(file)).digest('hex')]),
  };
}
