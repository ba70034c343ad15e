import { connect, type Socket } from 'node:net';
import type { Deadline } from '../../base/deadline.ts';
import { notReached, overdue } from './faults.ts';
import type { Hop } from './route.ts';

/** Node gives each address of a host 250 ms before it tries the next: less than a slow line needs. */
const PER_ADDRESS_MS = 3000;

/** The TCP connection to the first hop. */
export function dial(hop: Hop, deadline: Deadline): Promise<Socket> {
  const limit =
    hop.connectMs === undefined ? deadline : deadline.within(hop.connectMs, `ConnectTimeout of ${hop.label}`);
  return new Promise((resolve, reject) => {
    if (limit.signal.aborted) return reject(overdue(hop, 'connect', limit));
    const socket = connect({
      host: hop.host,
      port: hop.port,
      family: hop.family,
      // A word of the window is one small packet: it is not kept back to be sent with the next.
      noDelay: true,
      autoSelectFamily: hop.family === 0,
      autoSelectFamilyAttemptTimeout: PER_ADDRESS_MS,
    });
    const settle = (): void => {
      limit.signal.removeEventListener('abort', overrun);
      socket.off('error', fail);
      if (limit !== deadline) limit.done();
    };
    const overrun = (): void => {
      settle();
      socket.on('error', () => {});
      socket.destroy();
      reject(overdue(hop, 'connect', limit));
    };
    const fail = (error: Error): void => {
      settle();
      reject(notReached(hop, error));
    };
    limit.signal.addEventListener('abort', overrun, { once: true });
    socket.once('error', fail);
    socket.once('connect', () => {
      settle();
      resolve(socket);
    });
  });
}
