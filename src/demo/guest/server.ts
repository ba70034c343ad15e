import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type Server, type ServerChannel } from 'ssh2';
import { newSshKey, parseSshKey } from '../ssh-key.ts';

export interface SshServer {
  readonly port: number;
  /** As a topology pins it: 'SHA256:…'. */
  readonly hostKey: string;
  /** Ends every connection and everything that was started through one. */
  close(): Promise<void>;
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
}

/** How long a program may go on after its line is gone, before it is ended. */
const FAREWELL_MS = 2000;

/**
 * An SSH server on loopback that lets in one key, as any name, and runs commands with this machine's sh as this user.
 * @param allowed the public key, as in an authorized_keys file
 */
export async function startSshServer(allowed: string, around: Surroundings): Promise<SshServer> {
  const key = parseSshKey(allowed);
  const host = newSshKey();
  const connections = new Set<Connection>();
  const running = new Map<ChildProcess, Promise<void>>();

  const server = new ssh2.Server({ hostKeys: [host.private] }, (connection) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection));
    connection.on('error', () => {});
    connection.on('authentication', (context) => {
      if (opens(context, key)) context.accept();
      else context.reject(['publickey']);
    });
    connection.on('session', (accept) => {
      accept().on('exec', (start, _refuse, { command }) => {
        const child = run(command, around, start());
        running.set(child, ending(child));
        void running.get(child)?.then(() => running.delete(child));
      });
    });
  });

  return {
    port: await listening(server),
    hostKey: `SHA256:${createHash('sha256').update(parseSshKey(host.public).getPublicSSH()).digest('base64').replace(/=+$/, '')}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections) connection.end();
      const timer = setTimeout(() => {
        for (const child of running.keys()) endGroup(child);
      }, FAREWELL_MS);
      await Promise.all(running.values());
      clearTimeout(timer);
      await closed;
    },
  };
}

function opens(context: AuthContext, key: ParsedKey): boolean {
  if (context.method !== 'publickey' || !context.key.data.equals(key.getPublicSSH())) return false;
  if (context.signature === undefined || context.blob === undefined) return true;
  return key.verify(context.blob, context.signature, context.hashAlgo) === true;
}

/** The end of the line is the end of input, as with a real server; what ignores that is ended with its group. */
function run(command: string, { env, folder }: Surroundings, channel: ServerChannel): ChildProcess {
  const child = spawn('/bin/sh', ['-c', command], { env, cwd: folder, detached: true });
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  for (const stream of [child.stdin, child.stdout, child.stderr, channel]) stream.on('error', () => {});
  channel.on('close', () => {
    child.stdin.end();
    child.stdout.destroy();
    child.stderr.destroy();
  });
  child.on('error', () => channel.end());
  child.on('close', (code, signal) => {
    if (signal === null) channel.exit(code ?? 0);
    else channel.exit(signal.replace(/^SIG/, ''));
    channel.end();
  });
  return child;
}

function ending(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
}

function endGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, 'localhost', () => {
      const at = server.address();
      if (at !== null && typeof at === 'object') resolve(at.port);
    });
  });
}
