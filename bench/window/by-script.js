import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gather } from '../../dist/base/gather.js';
import { newLabel } from '../../dist/catalog/names.js';
import { VOLUME } from './array-end.js';
import { MOUNT } from './guest-end.js';
import { HOST, USER } from './ssh-files.js';

const SCRIPT = fileURLToPath(new URL('./hold-snapshot-release.sh', import.meta.url));
const AT_ONCE = 8;
const MASTER_MS = 20_000;
const LOOK_AGAIN_MS = 20;

/** Whether OpenSSH's client is here. */
export function hasSsh() {
  return spawnSync('ssh', ['-V'], { stdio: 'ignore' }).status === 0;
}

/**
 * A shell script over multiplexed ssh, its masters open over all rounds.
 * @param {import('./far.js').Far} far
 * @param {import('./ssh-files.js').SshFiles} files
 * @param {string} folder for its configuration and sockets
 */
export async function openScript(far, files, folder) {
  const guests = far.guests.map((end, index) => ({ ...end, name: `g${index}` }));
  const arrays = far.arrays.map((end, index) => ({ ...end, name: `a${index}` }));
  const config = join(folder, 'ssh_config');
  await writeFile(config, configText([...guests, ...arrays], files, folder));
  /** @type {Set<import('node:child_process').ChildProcess>} */
  const running = new Set();
  process.once('exit', killAll);
  const started = await gather([...guests, ...arrays], ({ name }) => startMaster(name), AT_ONCE);
  for (const outcome of started) {
    if (outcome.ok) continue;
    await close();
    throw outcome.fault;
  }

  return {
    /** @returns {Promise<number>} ms from before its first freeze to after its last thaw */
    async round() {
      const hosts = [guests, arrays].map((some) => some.map(({ name }) => name).join(' '));
      const child = start('sh', [SCRIPT, config, MOUNT, `${VOLUME}@${newLabel()}`, ...hosts]);
      /** @type {Map<string, number>} */
      const saidAtMs = new Map();
      child.stdout?.on('data', (/** @type {Buffer} */ said) => {
        for (const word of said.toString().trim().split('\n')) saidAtMs.set(word, performance.now());
      });
      const [code] = await once(child, 'close');
      const [opened, closed] = [saidAtMs.get('opened'), saidAtMs.get('closed')];
      if (code !== 0 || opened === undefined || closed === undefined)
        throw new Error(`the script failed: exit ${code}`);
      return closed - opened;
    },
    close,
  };

  /** @param {string} name */
  async function startMaster(name) {
    const master = start('ssh', ['-F', config, '-o', 'ControlMaster=yes', '-N', name]);
    const until = performance.now() + MASTER_MS;
    while (!existsSync(join(folder, name))) {
      if (!running.has(master) || performance.now() > until) throw new Error(`ssh did not reach ${name}`);
      await sleep(LOOK_AGAIN_MS);
    }
  }

  /**
   * In a process group of its own, which can be ended whole.
   * @param {string} program
   * @param {readonly string[]} words
   */
  function start(program, words) {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  }

  async function close() {
    process.off('exit', killAll);
    await Promise.all(
      [...running].map(async (child) => {
        child.kill();
        await once(child, 'exit');
      }),
    );
  }

  function killAll() {
    for (const { pid } of running) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  }
}

/**
 * @param {readonly { readonly name: string, readonly port: number }[]} hosts
 * @param {import('./ssh-files.js').SshFiles} files
 * @param {string} folder
 */
function configText(hosts, { key, knownHosts }, folder) {
  const lines = [
    ...hosts.map(({ name, port }) => `Host ${name}\n  Port ${port}`),
    'Host *',
    `  HostName ${HOST}`,
    `  User ${USER}`,
    `  IdentityFile ${key}`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${knownHosts}`,
    '  StrictHostKeyChecking yes',
    '  BatchMode yes',
    `  ControlPath ${join(folder, '%n')}`,
  ];
  return `${lines.join('\n')}\n`;
}
