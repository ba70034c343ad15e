import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { needs } from '../../needs.ts';
import { diskAt } from '../kit/holding.ts';
import { LAB } from './kit/needs.ts';
import { judgedIn } from './kit/papers.ts';
import { type EndToEnd, openWorld } from './kit/world.ts';

/** Of each kind. */
const ROUNDS = process.env.STILLPOINT_PROOF === 'full' ? 20 : 2;
const FORMS = ['python3', 'perl', 'sh'] as const;
/** A round takes three seconds where nothing else runs. */
const PATIENCE_MS = 60_000 + ROUNDS * 30_000;

/**
 * mail01 has /mnt/a on the first partition of a LUN of btrfs, and `/` on a file of xfs. When all is frozen, and before the
 * second of the two snapshots is taken, the lab may write to the LUN past what is frozen.
 */
needs(...LAB)('a disk that somebody writes to between the last look and the thaw', () => {
  let world: EndToEnd;
  let whole: string;
  let spare: string;
  const topologies = new Map<string, string>();

  beforeAll(async () => {
    world = await openWorld([
      {
        name: 'mail01',
        disks: [
          { address: 'scsi0:0', mount: '/', array: 'beta' },
          { address: 'scsi0:1', mount: '/mnt/a', array: 'alpha', split: true },
        ],
      },
    ]);
    ({ whole, spare } = diskAt(world.guest('mail01'), '/mnt/a').split ?? { whole: '', spare: '' });
    world.guest('mail01').run('mkdir', '-p', '/mnt/spare');
    for (const interpreter of FORMS) {
      const order = {
        vms: { mail01: { quiesce: { method: 'fsfreeze', interpreter } } },
        groups: { mail: { vms: ['mail01'], window: '8s', keep: { last: 2 } } },
      };
      topologies.set(interpreter, world.topology(interpreter, order));
    }
  });
  afterAll(() => world?.close());

  async function rounds(name: string, meanwhile: string) {
    const guest = world.guest('mail01');
    const done: { exit: number | null; level: string; disk: string | undefined; because: readonly string[] }[] = [];
    for (let nth = 0; nth < ROUNDS; nth++) {
      const topology = topologies.get(FORMS[nth % FORMS.length] ?? '') ?? '';
      const paper = join(world.lab.folder, `${name}-${nth}.json`);
      const args = ['snapshot', 'mail', '-t', topology, '--manifest', paper];
      const inGuest = meanwhile === '' ? '' : `nsenter -t ${guest.pid} -m -- sh -ec '${meanwhile}' >&2`;
      const { exit, stderr } = await world.run(args, { meanwhile: inGuest });
      const { level, disks, because } = judgedIn(paper, stderr);
      done.push({ exit, level, disk: disks.find(({ ref }) => ref.disk === 'scsi0:1')?.level, because });
    }
    const count = done.filter((round) => round.level === 'filesystem').length;
    process.stdout.write(`${name}: ${count} of ${done.length} filesystem\n`);
    return done;
  }

  test.each([
    [
      'a file system on its other partition, mounted and written',
      () => `mount ${spare} /mnt/spare; date > /mnt/spare/file; sync -f /mnt/spare; umount /mnt/spare`,
    ],
    ['a raw write', () => `dd if=/dev/urandom of=${whole} bs=4k count=1 seek=3 oflag=direct conv=notrunc`],
  ])(
    '%s: the set is never `filesystem`, and says why',
    async (name, meanwhile) => {
      for (const round of await rounds(name, meanwhile())) {
        // Two disks that are not still, by two snapshots.
        expect(round).toMatchObject({ exit: 3, level: 'unproven', disk: 'crash' });
        expect(round.because.join('\n')).toMatch(
          /mail01 was written to while it was held \(fsfreeze: \d+ sectors of loop\d+\)/,
        );
      }
    },
    PATIENCE_MS,
  );

  test(
    'nobody: every set is `filesystem`',
    async () => {
      for (const round of await rounds('no writer', '')) {
        expect(round).toEqual({ exit: 0, level: 'filesystem', disk: 'filesystem', because: [] });
      }
    },
    PATIENCE_MS,
  );
});
