import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { needs } from '../needs.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LAB = '/srv/stillpoint-lab';

/** What the head of examples/lab.yaml and the words of lab.sh tell a reader to type. */
const TYPED = `set -eu
ip link set lo up
for at in /srv /run; do mount -t tmpfs tmpfs "$at"; done
sh "$ROOT/examples/lab.sh" up >&2
cd ${LAB}
stillpoint() { node "$ROOT/bin/stillpoint.js" "$@"; }
stillpoint check >&2
stillpoint snapshot pair 2>&1
stillpoint show latest >&2
stillpoint verify latest
sh "$ROOT/examples/lab.sh" down
ls -A /srv
`;

needs(
  'root',
  'sshd',
  'ip',
  'unshare',
  'losetup',
  'mkfs.ext4',
  'mkfs.xfs',
  'mkfs.btrfs',
  'namespaces',
  'loop',
)('examples/lab.sh', () => {
  afterAll(() => {
    for (const line of loops()) execFileSync('losetup', ['-d', line.split(/\s+/)[0] ?? '']);
  });

  test('makes the world of examples/lab.yaml, in which a set is good and verified, and takes it away', () => {
    // A network, a /srv and a /run of its own: nothing of this machine is touched, and all of it ends with it.
    const apart = ['-n', '-m', '-p', '-f', '--mount-proc', '--kill-child=KILL', '--propagation', 'private'];
    const { status, stdout, stderr } = spawnSync('unshare', [...apart, 'sh', '-c', TYPED], {
      encoding: 'utf8',
      timeout: 150_000,
      env: { PATH: process.env.PATH ?? '', HOME: '/root', ROOT },
    });
    expect(status, stderr + stdout).toBe(0);
    expect(stdout).toMatch(/^pair-\S+ {2}filesystem \(accepted disks: crash\) {2}window .* 2 arrays {2}3 volumes$/m);
    expect(stdout).toMatch(/data0\s+ext4: needs no recovery/);
    expect(stdout).not.toMatch(/warning|error/);
    // What stands last is of verify: /srv is empty again.
    expect(stdout.trim().split('\n').at(-1)).toContain('as the manifest says');
    expect(loops()).toEqual([]);
  });
});

function loops(): readonly string[] {
  const text = execFileSync('losetup', ['-l', '-n', '-O', 'NAME,BACK-FILE'], { encoding: 'utf8' });
  return text.split('\n').filter((line) => line.includes(LAB));
}
