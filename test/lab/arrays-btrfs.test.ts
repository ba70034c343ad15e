import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
import { btrfsConfig } from '../../src/arrays/btrfs/config.ts';
import { btrfs } from '../../src/arrays/btrfs/driver.ts';
import type { DeviceKey } from '../../src/model.ts';
import { localShell } from '../../src/transport/local.ts';
import { jumpingClock } from '../contract/array-clock.ts';
import type { ArrayLab } from '../contract/array-lab.ts';
import { noTrouble, troubled } from '../contract/array-shell.ts';
import { arraySuite } from '../contract/array-suite.ts';
import { needs } from '../needs.ts';
import { type LoopFileSystem, loopFileSystem } from './arrays-loop.ts';

const run = promisify(execFile);

/** A name that would do harm if any shell read it, one in another folder, and a plain one. */
const NAMES = ['lun0', `it's a "lün" $(touch pwned) *`, 'racks/lun;2'];
const DEVICES = ['naa.6b0', 'naa.6b1', 'naa.6b2'].map((naa) => naa as DeviceKey);

needs(
  'root',
  'linux',
  'loop',
  'mkfs.btrfs',
)('a real btrfs', () => {
  let disk: LoopFileSystem;
  let serial = 0;
  beforeAll(() => {
    disk = loopFileSystem(['mkfs.btrfs', '-q'], 2 ** 30);
  });
  afterAll(() => disk.close());

  arraySuite('the btrfs driver', async () => {
    const root = join(disk.mount, `array ${serial++}`);
    execFileSync('btrfs', ['-q', 'subvolume', 'create', root]);
    return openLab(root);
  });
});

function openLab(root: string): ArrayLab {
  for (const name of NAMES) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    execFileSync('btrfs', ['-q', 'subvolume', 'create', join(root, name)]);
    writeFileSync(join(root, name, 'lun.img'), 'as made');
  }
  const clock = jumpingClock();
  const trouble = noTrouble();
  const folder = join(root, '.stillpoint');
  const volumes = NAMES.map((name, index) => ({ name, device: DEVICES[index] as DeviceKey }));
  const make = (settings: object = {}, entries = volumes) =>
    btrfs('bulk', btrfsConfig.parse({ local: true, root, ...settings }), {
      clock,
      shell: async () => troubled(localShell({ clock }), trouble, clock),
      volumes: entries,
    });
  const path = (volume: number): string => join(root, NAMES[volume] ?? '');
  const target = (volume: number, label: string): string =>
    join(folder, `${label}-${(NAMES[volume] ?? '').replaceAll('/', '%2F')}`);
  const snapshot = (from: string, to: string) => run('btrfs', ['-q', 'subvolume', 'snapshot', '-r', from, to]);

  return {
    clock,
    devices: DEVICES,
    driver: () => make(),
    async objects() {
      mkdirSync(folder, { recursive: true });
      return readdirSync(folder).sort();
    },
    write: async (volume, text) => writeFileSync(join(path(volume), 'lun.img'), text),
    read: async ({ name }) => readFileSync(join(folder, name, 'lun.img'), 'utf8'),
    async replace({ name, source }) {
      await run('btrfs', ['-q', 'subvolume', 'delete', join(folder, name)]);
      await snapshot(join(root, source.name), join(folder, name));
    },
    async fail(volume, fault, label) {
      if (fault === 'refused') return writeFileSync(target(volume, label), 'in the way');
      trouble.jobs.set(volume, { fault, late: () => snapshot(path(volume), target(volume, label)) });
    },
    faults: ['refused', 'lost-before', 'lost-after', 'late'],
    stall() {
      trouble.stalled = true;
    },
    wrongs: [
      { what: 'a root elsewhere', code: 'array.no-btrfs', shows: 'check', make: async () => make({ root: '/proc' }) },
      {
        what: 'a volume that is not there',
        code: 'array.no-such-volume',
        shows: 'locate',
        make: async () => make({}, [{ name: 'lun9', device: DEVICES[0] as DeviceKey }]),
      },
      {
        what: 'a subvolume inside a volume',
        code: 'array.nested-subvolume',
        shows: 'locate',
        async make() {
          await run('btrfs', ['-q', 'subvolume', 'create', join(path(1), 'inside')]);
          return make({}, volumes.slice(1));
        },
      },
      {
        what: 'a name that leads out of the root',
        code: 'array.unsafe-name',
        shows: 'locate',
        make: async () => make({}, [{ name: '../lun0', device: DEVICES[0] as DeviceKey }]),
      },
    ],
    async close() {},
  };
}
