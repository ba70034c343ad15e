import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { btrfsConfig } from '../../src/arrays/btrfs/config.ts';
import { btrfs } from '../../src/arrays/btrfs/driver.ts';
import type { ShellParts } from '../../src/arrays/parts.ts';
import { reflinkConfig } from '../../src/arrays/reflink/config.ts';
import { reflink } from '../../src/arrays/reflink/driver.ts';
import type { DeviceKey } from '../../src/model.ts';
import type { ArrayDriver, Shell } from '../../src/ports.ts';
import { localShell } from '../../src/transport/local.ts';
import { jumpingClock } from '../contract/array-clock.ts';
import type { ArrayLab, WrongThing } from '../contract/array-lab.ts';
import { noTrouble, troubled } from '../contract/array-shell.ts';

const run = promisify(execFile);

/** A plain name, one that would do harm if any shell read it, and one in another folder. */
const NAMES = ['lun0', `it's a "lün" $(touch pwned) *`, 'racks/lun;2'] as const;
const DEVICES = ['naa.6b0' as DeviceKey, 'naa.6b1' as DeviceKey, 'naa.6b2' as DeviceKey] as const;

/** What differs between the two makes, done by another hand than the driver's. */
export interface LinuxMake {
  readonly name: string;
  readonly mkfs: readonly [string, ...string[]];
  readonly sizeBytes: number;
  makeRoot(root: string): void;
  makeVolume(path: string): void;
  /** The image with the guest's bytes, in a volume or a snapshot. */
  image(path: string): string;
  copy(from: string, to: string): Promise<unknown>;
  destroy(path: string): Promise<unknown>;
  /** Something that stands where the snapshot would go. */
  block(path: string): void;
  /** After the volume's name in a snapshot's name. */
  suffix(volume: string): string;
  driver(root: string, parts: ShellParts): ArrayDriver;
  wrongs(at: { readonly root: string; readonly make: Remake }): readonly WrongThing[];
}

/** Another driver over the same array; `as` changes the commands on their way. */
type Remake = (change: { root?: string; volumes?: ShellParts['volumes']; as?: Rewrite }) => ArrayDriver;
type Rewrite = (argv: readonly string[]) => readonly string[];

export const BTRFS: LinuxMake = {
  name: 'btrfs',
  mkfs: ['mkfs.btrfs', '-q'],
  sizeBytes: 2 ** 30,
  makeRoot: (root) => void execFileSync('btrfs', ['-q', 'subvolume', 'create', root]),
  makeVolume: (path) => void execFileSync('btrfs', ['-q', 'subvolume', 'create', path]),
  image: (path) => join(path, 'lun.img'),
  copy: (from, to) => run('btrfs', ['-q', 'subvolume', 'snapshot', '-r', from, to]),
  destroy: (path) => run('btrfs', ['-q', 'subvolume', 'delete', path]),
  block: (path) => writeFileSync(path, 'in the way'),
  suffix: () => '',
  driver: (root, parts) => btrfs('bulk', btrfsConfig.parse({ local: true, root }), parts),
  wrongs: ({ root, make }) => [
    { what: 'a root elsewhere', code: 'array.no-btrfs', shows: 'check', make: async () => make({ root: '/proc' }) },
    {
      what: 'a subvolume inside a volume',
      code: 'array.nested-subvolume',
      shows: 'locate',
      async make() {
        await run('btrfs', ['-q', 'subvolume', 'create', join(root, NAMES[0], 'inside')]);
        return make({});
      },
    },
    {
      what: 'no btrfs-progs',
      code: 'array.program-missing',
      shows: 'locate',
      make: async () => make({ as: (argv) => argv.map((word) => (word === 'btrfs' ? 'btrfs-is-not-there' : word)) }),
    },
  ],
};

export const XFS: LinuxMake = {
  name: 'reflink',
  mkfs: ['mkfs.xfs', '-q', '-m', 'reflink=1'],
  sizeBytes: 2 ** 29,
  makeRoot: (root) => void mkdirSync(root),
  makeVolume: (path) => writeFileSync(path, ''),
  image: (path) => path,
  copy: (from, to) => run('cp', ['--reflink=always', from, to]),
  destroy: (path) => run('rm', ['-f', path]),
  block: (path) => void mkdirSync(path),
  suffix: (volume) => `@${execFileSync('stat', ['-c', '%i-%.9W', volume], { encoding: 'utf8' }).trim()}`,
  driver: (root, parts) => reflink('bulk', reflinkConfig.parse({ local: true, root }), parts),
  wrongs: ({ make }) => [
    { what: 'a root elsewhere', code: 'array.no-root', shows: 'check', make: async () => make({ root: '/nowhere' }) },
    {
      what: 'a file system that cannot clone',
      code: 'array.cannot-clone',
      shows: 'check',
      make: async () => make({ root: '/proc', volumes: [] }),
    },
  ],
};

/** @param open a shell on the machine that has the array mounted; default: this one, without any line between */
export function openLab(make: LinuxMake, root: string, open?: () => Promise<Shell>): ArrayLab {
  const clock = jumpingClock();
  const trouble = noTrouble();
  const folder = join(root, '.stillpoint');
  const shell = open ?? (async () => localShell({ clock }));
  const volumes = NAMES.map((name, index) => ({ name, device: DEVICES[index] ?? DEVICES[0] }));
  const path = (volume: number): string => join(root, NAMES[volume] ?? '');
  const target = (volume: number, label: string): string =>
    join(folder, `${label}-${(NAMES[volume] ?? '').replaceAll('/', '%2F')}${make.suffix(path(volume))}`);
  const remake: Remake = (change) =>
    make.driver(change.root ?? root, {
      clock,
      shell: async () => troubled(rewriting(await shell(), change.as), trouble, clock),
      volumes: change.volumes ?? volumes,
    });

  make.makeRoot(root);
  for (const index of NAMES.keys()) {
    mkdirSync(dirname(path(index)), { recursive: true });
    make.makeVolume(path(index));
    writeFileSync(make.image(path(index)), 'as made');
  }
  return {
    clock,
    devices: DEVICES,
    driver: () => remake({}),
    async objects() {
      mkdirSync(folder, { recursive: true });
      return readdirSync(folder).sort();
    },
    write: async (volume, text) => writeFileSync(make.image(path(volume)), text),
    read: async ({ name }) => readFileSync(make.image(join(folder, name)), 'utf8'),
    async replace({ name, source }) {
      // The second is made before the first goes, so that it cannot get its inode.
      await make.copy(join(root, source.name), join(folder, 'second'));
      await make.destroy(join(folder, name));
      renameSync(join(folder, 'second'), join(folder, name));
    },
    async fail(volume, fault, label) {
      if (fault === 'refused') return make.block(target(volume, label));
      trouble.jobs.set(volume, { fault, late: () => make.copy(path(volume), target(volume, label)) });
    },
    stall() {
      trouble.stalled = true;
    },
    shows: true,
    wrongs: [
      ...make.wrongs({ root, make: remake }),
      {
        what: 'a volume that is not there',
        code: 'array.no-such-volume',
        shows: 'locate',
        make: async () => remake({ volumes: [{ name: 'lun9', device: DEVICES[0] }] }),
      },
      {
        what: 'a name that leads out of the root',
        code: 'array.unsafe-name',
        shows: 'locate',
        make: async () => remake({ volumes: [{ name: '../lun0', device: DEVICES[0] }] }),
      },
      {
        what: 'a login that may not',
        code: 'array.denied',
        shows: 'check',
        make: async () => remake({ as: (argv) => [...NOBODY, ...argv], volumes: [] }),
      },
    ],
    async close() {},
  };
}

const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

function rewriting(shell: Shell, as: Rewrite = (argv) => argv): Shell {
  return {
    ...shell,
    run: (argv, options) => shell.run(as(argv), options),
    start: (argv, deadline) => shell.start(as(argv), deadline),
  };
}

/** A real file system in an image of its own. */
export interface LoopFileSystem {
  readonly mount: string;
  close(): void;
}

export function loopFileSystem(make: LinuxMake): LoopFileSystem {
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-array-'));
  const image = join(folder, 'image');
  const mount = join(folder, 'mount');
  mkdirSync(mount);
  // So that a login without rights can see that it has none.
  chmodSync(folder, 0o711);
  writeFileSync(image, '');
  truncateSync(image, make.sizeBytes);
  const [program, ...words] = make.mkfs;
  try {
    execFileSync(program, [...words, image], { stdio: 'pipe' });
    execFileSync('mount', ['-o', 'loop,noatime', image, mount], { stdio: 'pipe' });
  } catch (thrown) {
    rmSync(folder, { recursive: true });
    throw thrown;
  }
  return {
    mount,
    close() {
      execFileSync('umount', [mount]);
      rmSync(folder, { recursive: true });
    },
  };
}
