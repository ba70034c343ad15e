import { connect, createServer, type Socket } from 'node:net';

/** A TCP relay on 127.0.0.1 that can fall silent or fail, as a network does. */
export interface Relay {
  readonly port: number;
  /** Carries nothing more, in neither direction, and says so to nobody. */
  pause(): void;
  resume(): void;
  /** Ends every connection with a reset. */
  cut(): void;
  /** Connections that were made through it. */
  readonly connections: () => number;
  stop(): Promise<void>;
}

export function startRelay(to: { readonly port: number }): Promise<Relay> {
  const sockets = new Set<Socket>();
  let made = 0;
  let paused = false;
  const server = createServer((near) => {
    made += 1;
    const far = connect({ host: '127.0.0.1', port: to.port, noDelay: true });
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      if (paused) from.pause();
      from.on('data', (chunk) => into.write(chunk));
      from.on('error', () => into.destroy());
      from.on('close', () => {
        sockets.delete(from);
        into.destroy();
      });
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : 0,
        pause() {
          paused = true;
          for (const socket of sockets) socket.pause();
        },
        resume() {
          paused = false;
          for (const socket of sockets) socket.resume();
        },
        cut() {
          for (const socket of sockets) socket.resetAndDestroy();
        },
        connections: () => made,
        stop: () =>
          new Promise((done) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => done());
          }),
      });
    });
  });
}

/** A TCP server that says `greeting` to everybody and nothing else. */
export function startMute(
  greeting = '',
  then: 'wait' | 'close' = 'wait',
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    if (greeting !== '') socket.write(greeting);
    if (then === 'close') socket.end();
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : 0,
        stop: () =>
          new Promise((done) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => done());
          }),
      });
    });
  });
}
