import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { labDisk } from '../../kit/disk.ts';
import type { LabGuest } from '../../kit/guest.ts';
import { diskAt } from '../../kit/holding.ts';
import { attempt, must } from '../../kit/programs.ts';
import { killIfThere, until } from './writer.ts';

const BIN = '/usr/lib/postgresql/15/bin';
const POSTGRES = ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', '--'] as const;
const WAL = 'wal';
/** Small caches and frequent checkpoints: the data files are written all the time, as on a busy server. */
const SETTINGS = ['shared_buffers=4MB', 'max_wal_size=48MB', 'min_wal_size=32MB', 'checkpoint_timeout=30s'] as const;

/** PostgreSQL in a guest, its data on one disk and its write-ahead log on another, and pgbench at work on it. */
export interface Database {
  /** Transactions so far. */
  transactions(): Promise<number>;
  stop(): Promise<void>;
}

/** What became of a copy. `right`: it recovers, pgbench's sums are equal, and no page and no index is damaged. */
export type Recovered =
  | { readonly is: 'right'; readonly transactions: number }
  | { readonly is: 'wrong' | 'does not start'; readonly why: string };

export async function startDatabase(guest: LabGuest, data: string, wal: string): Promise<Database> {
  for (const mount of [data, wal]) {
    const folder = join(diskAt(guest, mount).here, mount === data ? 'data' : WAL);
    mkdirSync(folder, { mode: 0o700 });
    must('chown', 'postgres:postgres', folder);
  }
  const enter = ['nsenter', '-t', String(guest.pid), '-m', '-p', '-n', '--', ...POSTGRES] as const;
  const argvOf = (program: string, ...args: readonly string[]): readonly string[] => [
    ...enter,
    `${BIN}/${program}`,
    ...args,
  ];
  const to = ['-h', '/tmp', '-U', 'postgres'];
  const run = (program: string, ...args: readonly string[]): string => {
    const [first, ...rest] = argvOf(program, ...args);
    return must(first ?? '', ...rest);
  };
  const running: ChildProcess[] = [];
  const start = (argv: readonly string[], input?: string): ChildProcess => {
    const [program = '', ...args] = argv;
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'] });
    if (input === undefined) child.stdin?.end();
    else child.stdin?.write(input);
    running.push(child);
    return child;
  };

  run('initdb', '-D', `${data}/data`, '-X', `${wal}/${WAL}`, '-k', '-N', '-A', 'trust', '-E', 'UTF8', '--no-locale');
  start(argvOf('postgres', '-D', `${data}/data`, '-k', '/tmp', '-c', 'listen_addresses=', ...settings()));
  await isReady(() => attempt(enter[0], [...argvOf('pg_isready', ...to)].slice(1)));
  run('psql', ...to, '-qc', 'CREATE EXTENSION amcheck');
  run('pgbench', ...to, '-q', '-i', '-s', '2', 'postgres');
  start(argvOf('pgbench', ...to, '-n', '-c', '4', '-T', '3600', 'postgres'));
  start(argvOf('psql', ...to, '-q'), 'CHECKPOINT \\watch 0.3\n');
  return {
    async transactions() {
      return Number(run('psql', ...to, '-tAc', 'SELECT count(*) FROM pgbench_history'));
    },
    async stop() {
      for (const child of running.reverse()) await killed(child);
    },
  };
}

/** Mounts copies of both disks here, lets the database recover, and looks at all of it. The copies are changed by that. */
export async function recover(folder: string, images: { data: string; wal: string }): Promise<Recovered> {
  mkdirSync(folder);
  for (const path of [join(folder, '..'), folder]) chmodSync(path, 0o711);
  const disks = [labDisk(folder, images.data), labDisk(folder, images.wal)] as const;
  const [data, wal] = [join(disks[0].here, 'data'), join(disks[1].here, WAL)];
  const log = join(folder, 'log');
  const to = ['-h', folder, '-U', 'postgres'];
  try {
    const link = join(data, 'pg_wal');
    if (!lstatSync(link).isSymbolicLink()) return { is: 'does not start', why: 'pg_wal is no link' };
    rmSync(link);
    symlinkSync(wal, link);
    must('chown', 'postgres:postgres', folder);
    const server = spawn(
      'sh',
      ['-c', 'exec "$@" > "$0" 2>&1', log, ...POSTGRES, `${BIN}/postgres`, '-D', data, '-k', folder].concat([
        '-c',
        'listen_addresses=',
        ...settings(),
      ]),
      { stdio: 'ignore' },
    );
    try {
      await isReady(
        () => attempt(`${BIN}/pg_isready`, to),
        () => server.exitCode !== null || server.signalCode !== null,
      );
    } catch {
      await killed(server);
      return { is: 'does not start', why: lastWords(log) };
    }
    try {
      return await looked(to);
    } finally {
      server.kill('SIGINT');
      await ended(server);
    }
  } finally {
    for (const disk of disks) await disk.close();
  }
}

/** Every transaction of pgbench adds one number to an account, a branch and a teller, and writes it down. */
const SUMS = `SELECT
  (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(bbalance) FROM pgbench_branches),
  (SELECT sum(tbalance) FROM pgbench_tellers), (SELECT sum(delta) FROM pgbench_history), (SELECT count(*) FROM pgbench_history)`;

async function looked(to: readonly string[]): Promise<Recovered> {
  const sums = await attempt(`${BIN}/psql`, [...to, '-tAF', ' ', '-c', SUMS], 60_000);
  if (sums.exit !== 0) return { is: 'wrong', why: sums.stderr.trim() };
  const [accounts, branches, tellers, history, count] = sums.stdout.trim().split(' ');
  if (new Set([accounts, branches, tellers, history]).size !== 1) return { is: 'wrong', why: `sums: ${sums.stdout}` };
  const check = await attempt(`${BIN}/pg_amcheck`, [...to, '--heapallindexed', '-d', 'postgres'], 60_000);
  if (check.exit !== 0) return { is: 'wrong', why: `pg_amcheck: ${check.stdout}${check.stderr}`.slice(0, 500) };
  return { is: 'right', transactions: Number(count) };
}

function settings(): readonly string[] {
  return SETTINGS.flatMap((setting) => ['-c', setting]);
}

async function isReady(ask: () => ReturnType<typeof attempt>, hasEnded = () => false): Promise<void> {
  for (let round = 0; round < 300; round++) {
    if (hasEnded()) break;
    if ((await ask()).exit === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the database did not start');
}

function lastWords(log: string): string {
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  return lines.find((line) => line.includes('PANIC')) ?? lines.slice(-2).join(' ');
}

/** `nsenter` stands before what it has started; a server's own children end with it. */
async function killed(child: ChildProcess): Promise<void> {
  const below = must('sh', '-c', `cat /proc/${child.pid}/task/${child.pid}/children 2>/dev/null || true`);
  for (const pid of below.split(' ').filter((word) => word !== '')) killIfThere(Number(pid));
  if (child.pid !== undefined) killIfThere(child.pid);
  await ended(child);
}

async function ended(child: ChildProcess): Promise<void> {
  await until(() => child.exitCode !== null || child.signalCode !== null, 'a program does not end');
}
