import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { commandConfig } from '../../src/arrays/command/config.ts';
import { command } from '../../src/arrays/command/driver.ts';
import type { VolumeEntry } from '../../src/arrays/parts.ts';
import type { ArraySnapshot, DeviceKey } from '../../src/model.ts';
import type { ArrayDriver } from '../../src/ports.ts';
import { localShell } from '../../src/transport/local.ts';
import { jumpingClock } from '../contract/array-clock.ts';
import type { ArrayLab } from '../contract/array-lab.ts';
import { noTrouble, troubled } from '../contract/array-shell.ts';
import type { Ceph } from './kit/ceph.ts';

const NAMES = ['db01-data', 'db01-log', 'boot'] as const;
const DEVICES = ['naa.6c0' as DeviceKey, 'naa.6c1' as DeviceKey, 'naa.6c2' as DeviceKey] as const;

/** Three images of a real Ceph, spoken to as examples/ceph-command.yaml says, but for where its commands run. */
export function openCephLab(ceph: Ceph, namespace: string): ArrayLab {
  const clock = jumpingClock();
  const trouble = noTrouble();
  const spec = (image: string, snapshot = ''): string => `rbd/${namespace}/${image}${snapshot && `@${snapshot}`}`;
  const settings = inNamespace(namespace);
  const owners: ChildProcess[] = [];
  ceph.rbd('namespace', 'create', `rbd/${namespace}`);
  for (const name of NAMES) ceph.rbd('create', '--size', '4M', spec(name));

  const entries = NAMES.map((name, index) => ({ name, device: DEVICES[index] ?? DEVICES[0] }));
  const make = (change: object = {}, volumes: readonly VolumeEntry[] = entries): ArrayDriver =>
    command('box', commandConfig.parse({ ...settings, ...change }), {
      clock,
      shell: async () =>
        troubled(localShell({ clock, env: { ...process.env, ...ceph.env }, variables: ['CEPH_CONF'] }), trouble, clock),
      volumes,
    });

  return {
    clock,
    devices: DEVICES,
    patienceMs: 3000,
    driver: () => make(),
    objects: async () =>
      NAMES.flatMap((name) => {
        const listed: readonly { name: string; id: number }[] = JSON.parse(
          ceph.rbd('snap', 'ls', '--format', 'json', spec(name)),
        );
        return listed.map((snapshot) => `${name}@${snapshot.name} ${snapshot.id}`);
      }),
    async write(volume, text) {
      run(['import-diff', '--no-progress', '-', spec(NAMES[volume] ?? '')], diff(text));
    },
    read: async ({ name, source }) => {
      const bytes = run(['export', '--no-progress', spec(source.name, name), '-']);
      return bytes.subarray(0, bytes.indexOf(0)).toString();
    },
    async replace({ name, source }: ArraySnapshot) {
      ceph.rbd('snap', 'rm', '--no-progress', spec(source.name, name));
      ceph.rbd('snap', 'create', '--no-progress', spec(source.name, name));
    },
    async fail(volume, fault) {
      const image = spec(NAMES[volume] ?? '');
      if (fault === 'refused') {
        ceph.rbd('snap', 'create', '--no-progress', `${image}@the-only-one`);
        ceph.rbd('snap', 'limit', 'set', '--limit', '1', image);
        return;
      }
      // Whoever has written to an image takes its snapshots, and may stand still meanwhile.
      const bench = ['rbd', 'bench', '--io-type', 'write', '--io-total', '1T', image];
      const owner = spawn('setpriv', ['--pdeathsig', 'KILL', ...bench], {
        stdio: 'ignore',
        env: { ...process.env, ...ceph.env },
      });
      owners.push(owner);
      while (!ceph.rbd('lock', 'ls', image).includes('exclusive lock')) await new Promise((r) => setTimeout(r, 50));
      owner.kill('SIGSTOP');
      clock.after(30_000, () => void owner.kill('SIGCONT'));
    },
    stall() {
      trouble.stalled = true;
    },
    shows: false,
    wrongs: [
      {
        what: 'a program that is not there',
        code: 'array.program-missing',
        shows: 'check',
        make: async () => make({ list: { run: ['env', 'no-such-rbd'], row: '^(?<volume>.+)$' } }),
      },
      {
        what: 'an image that is not there',
        code: 'array.no-such-volume',
        shows: 'locate',
        make: async () => make({}, [{ name: 'db02-data', device: DEVICES[0] }]),
      },
    ],
    async close() {
      for (const owner of owners) owner.kill('SIGKILL');
    },
  };

  function run(args: readonly string[], input?: Buffer): Buffer {
    const env = { ...process.env, ...ceph.env };
    const { status, stdout, stderr } = spawnSync('rbd', args, { env, maxBuffer: 1 << 24, ...(input && { input }) });
    if (status !== 0) throw new Error(`rbd ${args.join(' ')}: ${stderr.toString()}`);
    return stdout;
  }
}

/** The example's array, here and in a namespace of its own instead of the pool. */
function inNamespace(namespace: string): object {
  const text = readFileSync(new URL('../../examples/ceph-command.yaml', import.meta.url), 'utf8');
  const example = parse(text, (key, value) =>
    key === 'run' && Array.isArray(value)
      ? value.map((word, index) => (index === value.length - 1 ? `${word}`.replace(/^rbd/, `rbd/${namespace}`) : word))
      : value,
  );
  const { driver: _driver, ssh: _ssh, expose: _expose, withdraw: _withdraw, ...settings } = example.arrays.ceph;
  return { ...settings, local: true };
}

/** What `rbd import-diff` reads: these bytes at the beginning, a zero after them. */
function diff(text: string): Buffer {
  const data = Buffer.from(`${text}\0`);
  const head = Buffer.alloc(17);
  head.write('w');
  head.writeBigUInt64LE(0n, 1);
  head.writeBigUInt64LE(BigInt(data.length), 9);
  return Buffer.concat([Buffer.from('rbd diff v1\n'), head, data, Buffer.from('e')]);
}
