import type { ClientChannel } from 'ssh2';
import type { Clock } from '../../base/clock.ts';
import type { Deadline } from '../../base/deadline.ts';
import { Fault } from '../../base/fault.ts';
import type { Shell } from '../../ports.ts';
import { collect, NOT_STARTED, overdue, programOf } from '../command.ts';
import { dialogue } from '../dialogue.ts';
import type { Ending, Pipe } from '../pipe.ts';
import { quote } from '../quote.ts';
import type { Connection } from './connection.ts';
import { plain } from './faults.ts';
import { type Sessions, sessionsOf } from './sessions.ts';

/** Closing a channel ends nothing on the far side, and sshd forwards no signal to what runs as root. */
const LEFT_AS = 'it may still be running there';

/** The commands of one connection. Each is a channel of its own, without a terminal. */
export function sshShell(connection: Connection, clock: Clock): Shell {
  const where = connection.hop.settings.host;
  const sessions = sessionsOf(connection.client, clock);
  return {
    where,
    async run(argv, { stdin, deadline }) {
      return collect(await open(connection, sessions, argv, deadline), { where, argv, stdin }, deadline);
    },
    async start(argv, deadline) {
      return dialogue(await open(connection, sessions, argv, deadline), clock);
    },
    close: () => connection.close(),
  };
}

function open(connection: Connection, sessions: Sessions, argv: readonly string[], deadline: Deadline): Promise<Pipe> {
  const where = connection.hop.settings.host;
  const line = quote(argv);
  return new Promise((resolve, reject) => {
    if (deadline.signal.aborted) return reject(overdue(where, argv, deadline, NOT_STARTED));
    let settled = false;
    const request = sessions.open(line, (answer) => {
      if (answer instanceof Error) return refuse(notStarted(where, argv, answer.message));
      if (settled) return letGo(answer);
      settle();
      resolve(pipeOf(answer, connection));
    });
    const overrun = (): void => {
      refuse(overdue(where, argv, deadline, request.withdraw() ? LEFT_AS : NOT_STARTED));
    };
    const stay = connection.onGone((why) => {
      refuse(request.withdraw() ? lineLost(where, argv, why) : notStarted(where, argv, why));
    });
    deadline.signal.addEventListener('abort', overrun, { once: true });
    function settle(): void {
      settled = true;
      stay();
      deadline.signal.removeEventListener('abort', overrun);
    }
    function refuse(fault: Fault): void {
      settle();
      reject(fault);
    }
  });
}

function pipeOf(channel: ClientChannel, connection: Connection): Pipe {
  let close = (): void => {};
  const ended = new Promise<Ending>((resolve) => {
    let over = false;
    const settle = (ending: Ending): void => {
      over = true;
      stay();
      resolve(ending);
    };
    const stay = connection.onGone((why) => settle({ exit: null, why }));
    channel.on('close', (exit: number | null | undefined, signal: string | undefined) => {
      const tell = (): void => settle({ exit: exit ?? null, why: describe(exit, signal) });
      if (channel.stderr.readableEnded) tell();
      else channel.stderr.once('end', tell);
    });
    close = () => {
      if (over) return;
      settle({ exit: null, why: 'we let go of it' });
      letGo(channel);
    };
  });
  return { stdin: channel, stdout: channel, stderr: channel.stderr, ended, close, leftAs: LEFT_AS };
}

function describe(exit: number | null | undefined, signal: string | undefined): string {
  if (signal !== undefined) return `killed by ${signal}`;
  return typeof exit === 'number' ? `exit ${exit}` : 'it ended without an exit code';
}

/** Asks for the program's end, as far as sshd grants that, and closes. ssh2 sends no signal once input has ended. */
function letGo(channel: ClientChannel): void {
  channel.signal('TERM');
  channel.close();
  // What it still says is read by nobody; unread, it would keep the channel.
  channel.resume();
  channel.stderr.resume();
}

function notStarted(where: string, argv: readonly string[], why: string): Fault {
  return new Fault({
    code: 'command.not-started',
    message: `${where}: ${programOf(argv)} was not started: ${plain(why)}`,
    hint: 'Is the account allowed to run commands there (login shell, MaxSessions)?',
  });
}

function lineLost(where: string, argv: readonly string[], why: string): Fault {
  return new Fault({
    code: 'ssh.line-lost',
    message: `${where}: nobody knows whether ${programOf(argv)} was started: ${why}`,
    hint: 'Look there, or at the network between here and there.',
  });
}
