import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { arrayPeer } from '../../src/transport/peer.ts';
import { dialer } from '../../src/transport/tls-trust.ts';

test('a server that accepts and never begins TLS does not block the connection: it is given up, and closed', async () => {
  const silent = createServer();
  const ended = new Promise<void>((resolve) =>
    silent.on('connection', (socket) => {
      socket.on('error', () => undefined).resume();
      socket.once('close', () => resolve());
    }),
  );
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const server = { url: new URL(`https://127.0.0.1:${port}`), peer: arrayPeer('fast') };
  const error = await new Promise((resolve) => dialer(server, 50).connect({}, (...outcome) => resolve(outcome[0])));
  expect(error).toMatchObject({ code: 'ETIMEDOUT' });
  await ended;
  await new Promise<void>((resolve) => silent.close(() => resolve()));
});
