import { once } from 'node:events';
import { createServer } from 'node:net';
import ssh2 from 'ssh2';
import { newSshKey, parseSshKey } from '../../dist/demo/ssh-key.js';
import { HOST } from './ssh-files.js';

/**
 * Answers a command: writes to the channel, then calls `exit`.
 * @typedef {(command: string, channel: import('ssh2').ServerChannel, exit: (code: number) => void) => void} Answer
 */

/**
 * One host: an SSH server on loopback with a host key of its own, which lets in one key.
 * @param {string} allowed the public key, as in authorized_keys
 * @param {Answer} answer
 * @returns {Promise<{ readonly port: number, readonly hostKey: string }>} the host key as in known_hosts
 */
export async function startSshEnd(allowed, answer) {
  const key = parseSshKey(allowed);
  const host = newSshKey();
  const ssh = new ssh2.Server({ hostKeys: [host.private] }, (connection) => {
    connection.on('error', () => {});
    connection.on('authentication', (context) => {
      if (opens(context, key)) context.accept();
      else context.reject(['publickey']);
    });
    connection.on('session', (accept) => {
      accept().on('exec', (start, _refuse, { command }) => {
        const channel = start();
        channel.on('error', () => {});
        answer(command, channel, (code) => {
          channel.exit(code);
          channel.end();
        });
      });
    });
  });
  const server = createServer({ noDelay: true }, (socket) => {
    asSshdWrites(socket);
    ssh.injectSocket(socket);
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('a server on a port has a port');
  return { port: at.port, hostKey: host.public };
}

/**
 * @param {import('ssh2').AuthContext} context
 * @param {import('ssh2').ParsedKey} key
 */
function opens(context, key) {
  if (context.method !== 'publickey' || !context.key.data.equals(key.getPublicSSH())) return false;
  if (context.signature === undefined || context.blob === undefined) return true;
  return key.verify(context.blob, context.signature, context.hashAlgo) === true;
}

/**
 * ssh2 writes a packet in three pieces; sshd writes all that it has to say at once, and so is it read.
 * @param {import('node:net').Socket} socket
 */
function asSshdWrites(socket) {
  const write = socket.write.bind(socket);
  socket.write = (/** @type {any[]} */ ...piece) => {
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    return Reflect.apply(write, socket, piece);
  };
}
