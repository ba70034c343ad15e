import type { ClientChannel } from 'ssh2';
import type { Clock } from '../../base/clock.ts';
import type { Deadline } from '../../base/deadline.ts';
import { asFault, Fault } from '../../base/fault.ts';
import type { Shell } from '../../ports.ts';
import { collect, overdue, programOf } from '../command.ts';
import { dialogue } from '../dialogue.ts';
import type { Ending, Pipe } from '../pipe.ts';
import { quote } from '../quote.ts';
import type { Connection } from './connection.ts';

/** The commands of one connection. Each is a channel of its own, without a terminal. */
export function sshShell(connection: Connection, clock: Clock): Shell {
  const where = connection.hop.settings.host;
  return {
    where,
    async run(argv, { stdin, deadline }) {
      const pipe = await open(connection, argv, deadline);
      return collect(pipe, { where, argv, stdin }, deadline);
    },
    async start(argv, deadline) {
      return dialogue(await open(connection, argv, deadline), clock);
    },
    close: () => connection.close(),
  };
}

function open(connection: Connection, argv: readonly string[], deadline: Deadline): Promise<Pipe> {
  const where = connection.hop.settings.host;
  const line = quote(argv);
  return new Promise((resolve, reject) => {
    const overrun = (): void => reject(overdue(where, argv, deadline));
    const refuse = (why: string): void => {
      deadline.signal.removeEventListener('abort', overrun);
      reject(notStarted(where, argv, why));
    };
    if (deadline.signal.aborted) return overrun();
    deadline.signal.addEventListener('abort', overrun, { once: true });
    const stay = connection.onGone(refuse);
    try {
      connection.client.exec(line, (error, channel) => {
        stay();
        if (error) return refuse(error.message);
        deadline.signal.removeEventListener('abort', overrun);
        if (deadline.signal.aborted) letGo(channel);
        else resolve(pipeOf(channel, connection));
      });
    } catch (thrown) {
      refuse(asFault(thrown).message);
    }
  });
}

function pipeOf(channel: ClientChannel, connection: Connection): Pipe {
  let close = (): void => {};
  const ended = new Promise<Ending>((resolve) => {
    const stay = connection.onGone((why) => resolve({ exit: null, why }));
    channel.on('close', (exit: number | null | undefined, signal: string | undefined) => {
      const tell = (): void => {
        stay();
        resolve({ exit: exit ?? null, why: describe(exit, signal) });
      };
      if (channel.stderr.readableEnded) tell();
      else channel.stderr.once('end', tell);
    });
    close = () => {
      stay();
      resolve({ exit: null, why: 'we let go of it' });
      letGo(channel);
    };
  });
  return { stdin: channel, stdout: channel, stderr: channel.stderr, ended, close };
}

function describe(exit: number | null | undefined, signal: string | undefined): string {
  if (signal !== undefined) return `killed by ${signal}`;
  return typeof exit === 'number' ? `exit ${exit}` : 'it ended without an exit code';
}

/** Asks for the program's end, as far as sshd grants that, and closes. ssh2 sends no signal once input has ended. */
function letGo(channel: ClientChannel): void {
  channel.signal('TERM');
  channel.close();
}

function notStarted(where: string, argv: readonly string[], why: string): Fault {
  return new Fault({
    code: 'ssh.not-started',
    message: `${where}: ${programOf(argv)} could not be started: ${why.replace(/^\(SSH\) /, '')}`,
    hint: 'Is the account allowed to run commands (login shell, ForceCommand, MaxSessions)?',
  });
}
