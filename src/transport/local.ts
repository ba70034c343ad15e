import { spawn as spawnProcess } from 'node:child_process';
import { type Readable, Writable } from 'node:stream';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Deadline } from '../base/deadline.ts';
import { Fault } from '../base/fault.ts';
import type { Shell } from '../ports.ts';
import { collect, NOT_STARTED, overdue, programOf } from './command.ts';
import { dialogue } from './dialogue.ts';
import type { Ending, Pipe } from './pipe.ts';
import { findProgram, programEnvironment, SYSTEM_FOLDERS } from './programs.ts';
import { refuseUnspeakable } from './quote.ts';

const WHERE = 'this machine';

interface LocalParts {
  readonly clock?: Clock;
  /** Where the programs' own environment is taken from; default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Variables that they get besides those that say where things are. */
  readonly variables?: readonly string[] | undefined;
}

/** Runs programs on this machine, argv as it is: no shell reads it. What still runs at `close` is killed. */
export function localShell(parts: LocalParts = {}): Shell {
  const { env = process.env, variables } = parts;
  const running = new Set<Pipe>();
  async function open(argv: readonly string[], deadline: Deadline): Promise<Pipe> {
    refuseUnspeakable(argv);
    if (deadline.signal.aborted) throw overdue(WHERE, argv, deadline, NOT_STARTED);
    const pipe = await spawn(argv, env, variables);
    running.add(pipe);
    void pipe.ended.then(() => running.delete(pipe));
    return pipe;
  }
  return {
    where: WHERE,
    async run(argv, { stdin, deadline }) {
      return collect(await open(argv, deadline), { where: WHERE, argv, stdin }, deadline);
    },
    async start(argv, deadline) {
      return dialogue(await open(argv, deadline), parts.clock ?? systemClock);
    },
    async close() {
      for (const pipe of running) pipe.close();
    },
  };
}

/**
 * Becomes the program, and leaves a watch behind that ends its whole group when the pipe of descriptor 3 is closed without
 * a word: so no program goes on that nobody waits for, not even after a SIGKILL of ours. What the shell itself adds to the
 * environment goes.
 */
const GUARDED = `/bin/sh -c 'read -r over || kill -KILL 0' <&3 >/dev/null 2>&1 &
exec 3<&-
unset PWD OLDPWD SHLVL
exec "$@"`;

async function spawn(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  variables: readonly string[] | undefined,
): Promise<Pipe> {
  const [name = '', ...words] = argv;
  const path = findProgram(name, env);
  if (path === undefined) throw notFound(argv, env);
  const child = spawnProcess('/bin/sh', ['-c', GUARDED, 'stillpoint', path, ...words], {
    env: programEnvironment(env, variables),
    // A group of its own: what it starts ends with it, and a Ctrl-C in the terminal is ours to answer.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const { pid, stdin, stdout, stderr } = child;
  const failed = new Promise<Error>((resolve) => child.once('error', resolve));
  if (pid === undefined) {
    const { message } = await failed;
    throw new Fault({ code: 'command.not-started', message: `${WHERE}: ${path} could not be started: ${message}` });
  }
  const exited = new Promise<Ending>((resolve) => {
    child.once('exit', (exit, signal) =>
      resolve({ exit, why: signal === null ? `exit ${exit}` : `killed by ${signal}` }),
    );
  });
  const ended = Promise.all([exited, closed(stdout), closed(stderr)]).then(([ending]) => ending);
  const watch = child.stdio[3];
  watch?.on('error', () => {});
  let over = false;
  void ended.then(() => {
    over = true;
    if (watch instanceof Writable) watch.end('over\n');
  });
  // Once it has ended, its number may be somebody else's.
  const close = (): void => (over ? undefined : killGroup(pid));
  return { stdin, stdout, stderr, ended, close, leftAs: 'it was killed' };
}

function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => stream.once('close', resolve));
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

function notFound(argv: readonly string[], env: NodeJS.ProcessEnv): Fault {
  const name = programOf(argv);
  return new Fault({
    code: 'command.not-found',
    message: name.includes('/')
      ? `${WHERE}: ${name} is not there, or cannot be run`
      : `${WHERE}: no program ${name} in PATH (${env.PATH ?? 'not set'}) or in ${SYSTEM_FOLDERS.join(', ')}`,
    hint: `Install ${name}, or write its whole path.`,
  });
}
