import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Deadline } from '../../../src/base/deadline.ts';
import type { Shell } from '../../../src/ports.ts';
import type { SshSettings } from '../../../src/transport/ssh/settings.ts';
import { connectSsh } from '../../../src/transport/ssh.ts';
import { type DiskOptions, type LabDisk, labDisk } from './disk.ts';
import { attempt, must } from './programs.ts';

export interface GuestOptions {
  /** By mount point. An `image` that is there already keeps its file system; without one a disk is made. */
  readonly mounts?: Readonly<Record<string, MountOptions>>;
  /** `/` on a file system of its own, which may be frozen; without it `/` lies in memory. */
  readonly root?: MountOptions;
  /** Lines for sudoers; the login `ops` has the same key as root. */
  readonly sudoers?: string;
  /** Programs in place of this machine's, by their path below /usr. */
  readonly programs?: Readonly<Record<string, string>>;
  /** `none`: only what runs in the controller's namespace reaches it, at `address`, port 22. */
  readonly relay?: 'none';
}

export interface MountOptions extends DiskOptions {
  readonly image?: string;
  /** Mount options; `defaults`. */
  readonly options?: string;
}

export interface LabGuest {
  readonly name: string;
  /** In the controller's namespace, port 22. */
  readonly address: string;
  /** By mount point, `/` too if it has a disk. */
  readonly disks: ReadonlyMap<string, LabDisk>;
  /** PID 1 of the guest, as this machine counts. */
  readonly pid: number;
  /** How a test in this process reaches it, through a relay into the controller's namespace; without one, how that does. */
  readonly ssh: SshSettings & { readonly key: string; readonly port: number };
  /** known_hosts for the address in the controller's namespace. */
  readonly knownHosts: string;
  shell(deadline: Deadline, settings?: Partial<SshSettings>): Promise<Shell>;
  /** Runs in the guest as root, past sshd and network. */
  run(...argv: readonly string[]): string;
  /**
   * Pids, as this machine counts, of the guest's processes of this name, a parent before its children; without a name, of
   * all but init and sshd.
   */
  processes(name?: string): readonly number[];
  link(is: 'up' | 'down'): void;
  close(): Promise<void>;
}

interface Place {
  readonly name: string;
  readonly number: number;
  readonly folder: string;
  readonly controller: string;
}

/** Starts a guest; what it had made so far is taken away again if it does not come up. */
export async function startGuest(place: Place, options: GuestOptions): Promise<LabGuest> {
  const undo: (() => unknown)[] = [];
  const disks = new Map<string, LabDisk>();
  async function close(): Promise<void> {
    for (const disk of disks.values()) await disk.thaw();
    for (const step of undo.splice(0).reverse()) await step();
  }
  try {
    return { ...(await bringUp(place, options, disks, undo)), close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function bringUp(
  { name, number, controller, folder: above }: Place,
  options: GuestOptions,
  disks: Map<string, LabDisk>,
  undo: (() => unknown)[],
): Promise<Omit<LabGuest, 'close'>> {
  const folder = join(above, name);
  for (const below of ['', 'root', 'usr', 'usr/bin', 'usr/sbin', 'etc', 'etc/ssh', 'etc/sudoers.d'])
    mkdirSync(join(folder, below));
  function diskFor(at: string, mount: MountOptions): string {
    const disk = labDisk(folder, mount.image ?? join(folder, `disk${disks.size}.img`), mount);
    disks.set(at, disk);
    undo.push(() => disk.close());
    return disk.device;
  }
  for (const [path, text] of Object.entries(options.programs ?? {})) {
    writeFileSync(join(folder, 'usr', path), text, { mode: 0o755 });
  }
  const lines = Object.entries(options.mounts ?? {}).map(
    ([at, mount]) => `${diskFor(at, mount)} ${mount.type ?? 'ext4'} ${mount.options ?? 'defaults'} ${at}\n`,
  );
  const root = options.root === undefined ? 'memory' : diskFor('/', options.root);
  writeFileSync(join(folder, 'disks'), lines.join(''));
  const keys = writeSettings(folder, name, options);

  const netns = `${controller}-${number}`;
  const address = `10.77.${number}.2`;
  const near = `g${number}`;
  must('ip', 'netns', 'add', netns);
  undo.push(() => attempt('ip', ['netns', 'del', netns]));
  must('ip', 'link', 'add', near, 'netns', controller, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns);
  must('ip', '-n', controller, 'addr', 'add', `10.77.${number}.1/24`, 'dev', near);
  must('ip', '-n', netns, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
  for (const [where, link] of [
    [controller, near],
    [netns, 'eth0'],
    [netns, 'lo'],
  ] as const) {
    must('ip', '-n', where, 'link', 'set', link, 'up');
  }

  const outer = startProcesses(netns, root, folder);
  undo.push(() => outer.child.kill('SIGKILL'));
  const direct = { host: address, port: 22 };
  const reached = options.relay === 'none' ? direct : await relayTo(controller, address, undo);
  const knownHosts = join(folder, 'known_hosts');
  writeFileSync(knownHosts, `${address} ${keys.hostKey}\n[${reached.host}]:${reached.port} ${keys.hostKey}\n`);
  const ssh = {
    ...reached,
    user: 'root',
    key: keys.userKey,
    knownHosts,
    agent: false,
    config: 'none',
  };
  await listening(netns, outer.said);
  const pid = firstProcess(outer.child);
  undo.push(() => ended(pid));
  const enter = ['-t', String(pid), '-m', '-u', '-p', '-n', '--'];

  return {
    name,
    address,
    disks,
    pid,
    ssh,
    knownHosts,
    shell: (deadline, settings = {}) => connectSsh({ ...ssh, ...settings }, { deadline }),
    run: (...command) => must('nsenter', ...enter, ...command),
    processes: (wanted) => processesUnder(pid, wanted),
    link: (is) => void must('ip', '-n', controller, 'link', 'set', near, is),
  };
}

function startProcesses(netns: string, root: string, folder: string): { child: ChildProcess; said: () => string } {
  const script = fileURLToPath(new URL('guest-init.sh', import.meta.url));
  const unshare = ['unshare', '-m', '-u', '-p', '-f', '--kill-child=KILL', '--propagation', 'private'];
  const argv = ['netns', 'exec', netns, ...unshare, 'sh', script, root, folder];
  const child = spawn('ip', argv, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  return { child, said: () => `${said}${child.exitCode === null ? '' : ` (exit ${child.exitCode})`}` };
}

function writeSettings(folder: string, name: string, options: GuestOptions): { hostKey: string; userKey: string } {
  const hostKey = join(folder, 'etc/ssh/lab_host_key');
  const userKey = join(folder, 'id');
  for (const file of [hostKey, userKey]) must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file);
  writeFileSync(join(folder, 'authorized_keys'), readFileSync(`${userKey}.pub`));
  writeFileSync(join(folder, 'etc/hostname'), `${name}\n`);
  if (options.sudoers !== undefined) writeFileSync(join(folder, 'etc/sudoers.d/lab'), options.sudoers, { mode: 0o440 });
  writeFileSync(
    join(folder, 'etc/ssh/lab_sshd_config'),
    [
      'HostKey /etc/ssh/lab_host_key',
      'AuthorizedKeysFile .ssh/authorized_keys',
      'StrictModes no',
      'UsePAM no',
      'PidFile none',
      'PermitRootLogin prohibit-password',
      'MaxStartups 200',
      'Subsystem sftp internal-sftp',
      '',
    ].join('\n'),
  );
  return { hostKey: readFileSync(`${hostKey}.pub`, 'utf8').trim(), userKey };
}

async function relayTo(
  controller: string,
  address: string,
  undo: (() => unknown)[],
): Promise<{ host: string; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  const script = fileURLToPath(new URL('relay.mjs', import.meta.url));
  const child = spawn('ip', ['netns', 'exec', controller, process.execPath, script, address], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  undo.push(() => child.disconnect());
  const ready = new Promise((resolve) => child.once('message', resolve));
  child.send('listen', server);
  await ready;
  server.close();
  return { host: '127.0.0.1', port: bound.port };
}

async function listening(netns: string, state: () => string): Promise<void> {
  for (let round = 0; round < 200; round++) {
    if (must('ip', 'netns', 'exec', netns, 'ss', '-Hltn', 'sport = :22') !== '') return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the guest's sshd did not come up: ${state()}`);
}

/** `ip netns exec` becomes unshare, whose one child is the guest's first process. */
function firstProcess(outer: ChildProcess): number {
  const children = readFileSync(`/proc/${outer.pid}/task/${outer.pid}/children`, 'utf8').trim();
  const pid = Number(children.split(' ')[0]);
  if (!(pid > 1)) throw new Error(`the guest has no first process: '${children}'`);
  return pid;
}

/** By everybody's parent: the kernel's own list of children leaves some out while others come and go. */
function processesUnder(first: number, name?: string): readonly number[] {
  const all: { pid: number; own: string; state: string; parent: number; began: number }[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const [, own = '', rest = ''] = /\((.*)\) (.*)/s.exec(readFileSync(`/proc/${entry}/stat`, 'utf8')) ?? [];
      const fields = rest.split(' ');
      const [state = '', parent, began] = [fields[0], fields[1], fields[19]];
      all.push({ pid: Number(entry), own, state, parent: Number(parent), began: Number(began) });
    } catch {
      // It has ended meanwhile.
    }
  }
  all.sort((a, b) => a.began - b.began);
  const found: number[] = [];
  const walk = (parent: number): void => {
    for (const { pid, own, state } of all.filter((each) => each.parent === parent)) {
      const counts = name === undefined ? own !== 'sshd' : own === name;
      if (counts && state !== 'Z') found.push(pid);
      walk(pid);
    }
  };
  walk(first);
  return found;
}

/** Kills the guest's first process, and with it all others; resolves when the last of them has let go of its files. */
async function ended(pid: number): Promise<void> {
  for (let round = 0; round < 100; round++) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
