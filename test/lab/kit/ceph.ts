import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { must } from './programs.ts';

/** A real Ceph of one monitor and one OSD on 127.0.0.1, in a folder. Nothing of it is a kernel's: its RBD is in user space. */
export interface Ceph {
  /** For whoever calls `rbd`. */
  readonly env: { readonly CEPH_CONF: string };
  rbd(...args: readonly string[]): string;
  close(): Promise<void>;
}

/** Takes about five seconds. The pool is called rbd. */
export async function startCeph(folder: string): Promise<Ceph> {
  const conf = join(folder, 'ceph.conf');
  const fsid = randomUUID();
  const address = `v1:127.0.0.1:${await freePort()}`;
  for (const name of ['mon', 'osd', 'run']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(conf, settings(folder, fsid, address));
  const ceph = (...args: readonly string[]): string => must('ceph', '-c', conf, ...args);
  const daemons: ChildProcess[] = [];
  const start = (program: string, id: string): void => {
    // It ends with whoever started it, however that ends.
    const argv = ['--pdeathsig', 'KILL', program, '-f', '-c', conf, '-i', id];
    daemons.push(spawn('setpriv', argv, { stdio: 'ignore' }));
  };
  const close = async (): Promise<void> => {
    for (const child of daemons.reverse()) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await ended;
    }
  };

  try {
    const keyring = join(folder, 'keyring');
    must('ceph-authtool', '--create-keyring', keyring, '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *');
    must('monmaptool', '--create', '--addv', 'a', `[${address}]`, '--fsid', fsid, join(folder, 'monmap'));
    must('ceph-mon', '-c', conf, '-i', 'a', '--mkfs', '--monmap', join(folder, 'monmap'), '--keyring', keyring);
    start('ceph-mon', 'a');
    const uuid = randomUUID();
    ceph('osd', 'new', uuid);
    ceph('osd', 'crush', 'add', 'osd.0', '1', 'root=default', 'host=here');
    must('ceph-osd', '-c', conf, '-i', '0', '--mkfs', '--osd-uuid', uuid);
    start('ceph-osd', '0');
    ceph('osd', 'pool', 'create', 'rbd', '8', '8');
    const rbd = (...args: readonly string[]): string => must('rbd', '-c', conf, ...args);
    rbd('pool', 'init', 'rbd');
    return {
      env: { CEPH_CONF: conf },
      rbd,
      close,
    };
  } catch (thrown) {
    await close();
    throw new Error(`${thrown}\n${lastLines(join(folder, 'mon.a.log'))}\n${lastLines(join(folder, 'osd.0.log'))}`);
  }
}

function settings(folder: string, fsid: string, address: string): string {
  return `[global]
fsid = ${fsid}
mon host = [${address}]
mon initial members = a
auth cluster required = none
auth service required = none
auth client required = none
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr2 = false
run dir = ${folder}/run
admin socket = ${folder}/run/$name.$pid.asok
pid file = ${folder}/run/$name.pid
log file = ${folder}/$name.log
mon cluster log file = ${folder}/cluster.log
keyring = ${folder}/keyring
mon data = ${folder}/mon
osd data = ${folder}/osd
osd objectstore = bluestore
bluestore block size = 4294967296
osd pool default size = 1
osd pool default min size = 1
osd crush chooseleaf type = 0
osd crush update on start = false
osd class update on start = false
mon allow pool size one = true
mon warn on pool no redundancy = false
mon data avail warn = 2
mon data avail crit = 1
# How long the dead and the stopped are waited for.
osd client watch timeout = 5
osd default notify timeout = 5
# Otherwise every snapshot waits for the monitor to collect more of them, up to seconds.
paxos propose interval = 0.02
paxos min wait = 0.01
`;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function lastLines(file: string): string {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(-15).join('\n');
  } catch {
    return '';
  }
}
