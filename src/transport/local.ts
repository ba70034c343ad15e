import { execa } from 'execa';
import { type Clock, systemClock } from '../base/clock.ts';
import { Fault } from '../base/fault.ts';
import type { Shell } from '../ports.ts';
import { collect, overdue, programOf } from './command.ts';
import { dialogue } from './dialogue.ts';
import type { Ending, Pipe } from './pipe.ts';
import { findProgram, SYSTEM_FOLDERS, widerPath } from './programs.ts';

const WHERE = 'this machine';

/** Runs programs on this machine, argv as it is: no shell reads it. */
export function localShell(parts: { readonly clock?: Clock; readonly env?: NodeJS.ProcessEnv } = {}): Shell {
  const env = parts.env ?? process.env;
  return {
    where: WHERE,
    async run(argv, { stdin, deadline }) {
      if (deadline.signal.aborted) throw overdue(WHERE, argv, deadline);
      return collect(await spawn(argv, env), { where: WHERE, argv, stdin }, deadline);
    },
    async start(argv, deadline) {
      if (deadline.signal.aborted) throw overdue(WHERE, argv, deadline);
      return dialogue(await spawn(argv, env), parts.clock ?? systemClock);
    },
    async close() {},
  };
}

async function spawn(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<Pipe> {
  const [name = '', ...words] = argv;
  const path = findProgram(name, env);
  if (path === undefined) throw notFound(argv, env);
  const child = execa(path, words, {
    argv0: name,
    env: { ...env, PATH: widerPath(env) },
    extendEnv: false,
    buffer: false,
    encoding: 'buffer',
    reject: false,
    // A group of its own: what it starts ends with it, and a Ctrl-C in the terminal is ours to answer.
    detached: true,
    cleanup: false,
  });
  const ended = child.then(({ exitCode, signal, originalMessage }): Ending => {
    if (exitCode !== undefined) return { exit: exitCode, why: `exit ${exitCode}` };
    if (signal !== undefined) return { exit: null, why: `killed by ${signal}` };
    return { exit: null, why: originalMessage ?? 'it could not be started' };
  });
  if (child.pid === undefined) {
    const { why } = await ended;
    throw new Fault({ code: 'command.not-started', message: `${WHERE}: ${path} could not be started: ${why}` });
  }
  const { pid, stdin, stdout, stderr } = child;
  return { stdin, stdout, stderr, ended, close: () => killGroup(pid) };
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
