import type { Duplex } from 'node:stream';
import { type Algorithms, Client } from 'ssh2';
import type { Deadline } from '../../base/deadline.ts';
import { asFault, type Fault } from '../../base/fault.ts';
import { dial } from './dial.ts';
import { broken, forwardRefused, overdue } from './faults.ts';
import { hostKeyCheck } from './host-key.ts';
import { login } from './login.ts';
import type { Hop } from './route.ts';
import { keepAliveMs } from './settings.ts';

/** After so many keep-alives without an answer the line is lost. */
const KEEP_ALIVES_MISSED = 3;

const FAREWELL_MS = 500;

/**
 * What is offered besides host keys: no SHA-1, no CBC, no compression, and nothing added for old hosts. AES first: it
 * runs in Node's own OpenSSL.
 */
const ALGORITHMS: Algorithms = {
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
};

/** A line to one host, verified and logged in. */
export interface Connection {
  readonly hop: Hop;
  readonly client: Client;
  /** Tells, once, why the line is gone, also when it has been for long. The answer takes the listener back. */
  onGone(tell: (why: string) => void): () => void;
  /** Ends it, and what it goes through. */
  close(): Promise<void>;
}

/** Connects hop after hop, each through the one before, and verifies each. */
export async function connectAlong(hops: readonly Hop[], deadline: Deadline): Promise<Connection> {
  let connection: Connection | undefined;
  for (const hop of hops) {
    try {
      connection = await connect(hop, connection, deadline);
    } catch (thrown) {
      await connection?.close();
      throw thrown;
    }
  }
  if (connection === undefined) throw new Error('a route has at least one hop');
  return connection;
}

async function connect(hop: Hop, through: Connection | undefined, deadline: Deadline): Promise<Connection> {
  const check = hostKeyCheck(hop);
  const way = await login(hop, deadline);
  const socket = through === undefined ? await dial(hop, deadline) : await forward(through, hop, deadline);
  const client = new Client();
  const onGone = departure(client, hop, through);
  let distrust: Fault | undefined;
  let exhausted = false;
  try {
    client.connect({
      sock: socket,
      username: hop.user,
      // Time is the deadline's matter alone.
      readyTimeout: 0,
      keepaliveInterval: keepAliveMs(hop.settings.keepAlive),
      keepaliveCountMax: KEEP_ALIVES_MISSED,
      algorithms: { ...ALGORITHMS, serverHostKey: [...check.algorithms] },
      hostVerifier: (key: Buffer) => {
        distrust = check.refusal(key);
        return distrust === undefined;
      },
      authHandler: (left) => {
        const next = way.next(left);
        exhausted = next === false;
        return next;
      },
    });
    await ready(client, hop, deadline);
  } catch (thrown) {
    client.destroy();
    socket.destroy();
    throw distrust ?? (exhausted ? way.refused() : thrown);
  }
  return {
    hop,
    client,
    onGone,
    async close() {
      client.end();
      await farewell(onGone);
      // Not ssh2's destroy: that does nothing after `end`.
      socket.destroy();
      await through?.close();
    },
  };
}

/** Waits for the host to end the line as well, but not long: it may be gone. */
function farewell(onGone: Connection['onGone']): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stay();
      resolve();
    };
    const timer = setTimeout(done, FAREWELL_MS);
    const stay = onGone(done);
  });
}

/** Waits for the end of the login. */
function ready(client: Client, hop: Hop, deadline: Deadline): Promise<void> {
  return new Promise((resolve, reject) => {
    let stage: 'handshake' | 'login' = 'handshake';
    const overrun = (): void => fail(overdue(hop, stage, deadline));
    const fail = (fault: Fault): void => {
      deadline.signal.removeEventListener('abort', overrun);
      reject(fault);
    };
    if (deadline.signal.aborted) return overrun();
    deadline.signal.addEventListener('abort', overrun, { once: true });
    client.once('handshake', () => {
      stage = 'login';
    });
    client.on('error', (error) => {
      if (!goesOn(error)) fail(broken(hop, stage, error));
    });
    client.once('close', () => fail(broken(hop, stage, undefined)));
    client.once('ready', () => {
      deadline.signal.removeEventListener('abort', overrun);
      resolve();
    });
  });
}

/** ssh2 reports an agent that will not sign as an error, and goes on to the next key by itself. */
function goesOn(error: Error & { readonly level?: string }): boolean {
  return error.level === 'agent';
}

/** The first cause of the end is the true one: what follows it are its consequences. */
function departure(client: Client, hop: Hop, through: Connection | undefined): Connection['onGone'] {
  const listeners = new Set<(why: string) => void>();
  let cause: string | undefined;
  let gone: string | undefined;
  const leave = (why: string): void => {
    gone ??= why;
    tellAll();
  };
  const tellAll = (): void => {
    if (gone === undefined) return;
    for (const tell of listeners) tell(gone);
    listeners.clear();
  };
  through?.onGone((why) => {
    cause ??= why;
  });
  client.on('error', (error) => {
    if (goesOn(error)) return;
    cause ??= `the line to ${hop.label} was lost: ${reasonOf(error, hop)}`;
    // A dead link is known by now: nobody waits for its socket to close.
    if (error.level === 'client-timeout') leave(cause);
  });
  client.on('close', () => leave(cause ?? `${hop.label} closed the connection`));
  return (tell) => {
    listeners.add(tell);
    queueMicrotask(tellAll);
    return () => listeners.delete(tell);
  };
}

function reasonOf(error: Error & { readonly level?: string }, hop: Hop): string {
  if (error.level !== 'client-timeout') return error.message;
  const ms = keepAliveMs(hop.settings.keepAlive) * (KEEP_ALIVES_MISSED + 1);
  return `nothing was heard for ${ms / 1000} s`;
}

/** A byte stream from a host that we are on to the next one. */
function forward(through: Connection, to: Hop, deadline: Deadline): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const overrun = (): void => reject(overdue(to, 'connect', deadline));
    const refuse = (why: string): void => reject(forwardRefused(through.hop, to, why));
    if (deadline.signal.aborted) return overrun();
    const stay = through.onGone(refuse);
    deadline.signal.addEventListener('abort', overrun, { once: true });
    try {
      through.client.forwardOut('127.0.0.1', 0, to.host, to.port, (error, stream) => {
        stay();
        deadline.signal.removeEventListener('abort', overrun);
        if (error) refuse(error.message);
        else if (deadline.signal.aborted) stream.destroy();
        else resolve(stream);
      });
    } catch (thrown) {
      refuse(asFault(thrown).message);
    }
  });
}
