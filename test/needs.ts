import { accessSync, constants, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';

interface Check {
  readonly met: () => boolean;
  readonly remedy: string;
}

/** What `sh` is: bash on RHEL, SUSE and Amazon Linux, dash on Debian and Ubuntu, busybox on Alpine. */
export const SHELLS = ['bash', 'dash', 'busybox'] as const;
export type ShellName = (typeof SHELLS)[number];

/** A Python that has pyVmomi. */
export const PYVMOMI = fileURLToPath(new URL('../.ci/.programs/pyvmomi/bin/python', import.meta.url));

/** What a test may ask of the machine. Programs are also looked for in the system folders that PATH may lack. */
const NEEDS = {
  root: { met: () => process.getuid?.() === 0, remedy: 'run as root' },
  linux: { met: () => process.platform === 'linux', remedy: 'run on Linux' },
  sshd: {
    met: () => find('sshd') && hasLoginShell(),
    remedy: 'apt-get install openssh-server, and run as a user who has a login shell',
  },
  ssh: program('ssh', 'openssh-client'),
  ip: program('ip', 'iproute2'),
  unshare: program('unshare', 'util-linux'),
  losetup: program('losetup', 'mount'),
  fsfreeze: program('fsfreeze', 'util-linux'),
  python3: program('python3', 'python3'),
  perl: program('perl', 'perl-base'),
  sudo: program('sudo', 'sudo'),
  bash: shell('bash'),
  dash: shell('dash'),
  busybox: shell('busybox'),
  swapon: program('swapon', 'mount'),
  'mkfs.ext4': program('mkfs.ext4', 'e2fsprogs'),
  'mkfs.xfs': program('mkfs.xfs', 'xfsprogs'),
  'mkfs.btrfs': program('mkfs.btrfs', 'btrfs-progs'),
  openssl: program('openssl', 'openssl'),
  go: program('go', 'golang-go'),
  vcsim: { met: () => find('vcsim'), remedy: 'go install github.com/vmware/govmomi/vcsim@v0.46.0' },
  govc: { met: () => find('govc'), remedy: 'go build -C .ci/govc -o ../.programs/govc . (Go 1.25)' },
  pyvmomi: {
    met: () => canUse(PYVMOMI, constants.X_OK),
    remedy: 'python3 -m venv .ci/.programs/pyvmomi && .ci/.programs/pyvmomi/bin/pip install pyvmomi==9.1.1.0',
  },
  postgres: {
    met: () => canUse('/usr/lib/postgresql/15/bin/postgres', constants.X_OK),
    remedy: 'apt-get install postgresql-15',
  },
  ceph: {
    met: () => ['ceph-mon', 'ceph-osd', 'ceph', 'rbd'].every(find),
    remedy: 'apt-get install ceph-mon ceph-osd ceph-common',
  },
  namespaces: {
    met: () => canUse('/proc/self/ns/net', constants.R_OK) && canUse('/proc/self/ns/mnt', constants.R_OK),
    remedy: 'use a kernel with network and mount namespaces',
  },
  shm: { met: isApart, remedy: 'mount a tmpfs at /dev/shm, another file system than that of temporary files' },
  loop: { met: () => canUse('/dev/loop-control', constants.W_OK), remedy: 'use a kernel with loop devices, as root' },
} as const satisfies Record<string, Check>;

export type Need = keyof typeof NEEDS;

export function pathOfShell(name: ShellName): string {
  return `/bin/${name}`;
}

/**
 * A `describe` for tests that ask something of the machine. Where a need is not met the tests are skipped, with the
 * reason and the remedy on standard error; with STILLPOINT_LAB=required they fail instead.
 */
export function needs(...wanted: readonly Need[]): (name: string, body: () => void) => void {
  const missing = wanted.filter((need) => !NEEDS[need].met());
  if (missing.length === 0) return (name, body) => void describe(name, body);
  const reason = missing.map((need) => `needs ${need} (${NEEDS[need].remedy})`).join(', ');
  if (process.env.STILLPOINT_LAB === 'required') {
    return (name) =>
      void describe(name, () => {
        test('the machine has what this lab needs', () => {
          throw new Error(reason);
        });
      });
  }
  return (name, body) => {
    process.stderr.write(`SKIPPED: ${name}: ${reason}\n`);
    describe.skip(name, body);
  };
}

function program(name: string, debian: string): Check {
  return { met: () => find(name), remedy: `apt-get install ${debian}` };
}

function shell(name: ShellName): Check {
  return { met: () => canUse(pathOfShell(name), constants.X_OK), remedy: `apt-get install ${name}` };
}

function find(name: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];
  return folders.some((folder) => folder !== '' && canUse(join(folder, name), constants.X_OK));
}

function canUse(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** An sshd of ours lets in whoever runs the tests, and nobody whose shell is nologin, or who has no line in passwd. */
function hasLoginShell(): boolean {
  try {
    return !['nologin', 'false'].includes(basename(userInfo().shell ?? 'nologin'));
  } catch {
    return false;
  }
}

/** A second file system without root. */
function isApart(): boolean {
  return canUse('/dev/shm', constants.W_OK) && statSync('/dev/shm').dev !== statSync(tmpdir()).dev;
}
