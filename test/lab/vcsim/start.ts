import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorldTable } from '../../../src/demo/table.ts';
import { type Certificate, selfSigned } from '../../../src/demo/vcenter/certificate.ts';
import { writeModel } from './model.ts';

export interface Vcsim {
  /** 'https://127.0.0.1:40123/sdk' */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly certificate: Certificate;
  /** All SOAP that passed so far, both ways, as vcsim saw it. */
  trace(): string;
  /** To its process: SIGSTOP lets every question wait until SIGCONT. */
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

const READY_MS = 30_000;

/**
 * The unmodified vcsim of vmware/govmomi, on a free port of loopback unless told where, serving this table. Its certificate is signed by
 * itself.
 */
export async function startVcsim({
  table,
  listen = '127.0.0.1:0',
  certificate = selfSigned('vcsim', new Date()),
  through = (argv) => argv,
}: {
  readonly table: WorldTable;
  /** Address and port; port 0 is a free one. */
  readonly listen?: string;
  /** One that was stopped and is started again shows the same. */
  readonly certificate?: Certificate;
  /** Makes the argv one that runs elsewhere: in another network namespace. It must become vcsim, not its parent. */
  through?(argv: readonly string[]): readonly string[];
}): Promise<Vcsim> {
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-vcsim-'));
  const username = 'svc-stillpoint';
  const password = 'p&ss<"word>';
  const traceFile = join(folder, 'trace');
  writeModel(table, join(folder, 'model'));
  writeFileSync(join(folder, 'cert.pem'), certificate.cert);
  writeFileSync(join(folder, 'key.pem'), certificate.key, { mode: 0o600 });
  const [program = '', ...argv] = through([
    'vcsim',
    ...['-l', listen, '-load', join(folder, 'model'), '-username', username, '-password', password],
    ...['-tlscert', join(folder, 'cert.pem'), '-tlskey', join(folder, 'key.pem')],
    ...['-trace', '-trace-file', traceFile],
    // It ends when its input does: also where this process is killed.
    '-stdinexit',
  ]);
  const child = spawn(program, argv, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, TMPDIR: folder } });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      child.kill('SIGCONT');
    }
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const address = await listening(child, ended);
    const signal = (name: NodeJS.Signals): void => void child.kill(name);
    const trace = (): string => readFileSync(traceFile, 'utf8');
    return { url: `https://${address}/sdk`, username, password, certificate, trace, signal, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** vcsim prints `export GOVC_URL=https://user:password@127.0.0.1:40123/sdk GOVC_SIM_PID=…` when it serves. */
function listening(child: ReturnType<typeof spawn>, ended: Promise<void>): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => reject(new Error(`vcsim does not serve:\n${said}`)), READY_MS);
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const address = /GOVC_URL=https?:\/\/\S*@(\d[\d.]+:\d+)\//.exec(said)?.[1];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    void ended.then(() => {
      clearTimeout(timer);
      reject(new Error(`vcsim ended:\n${said}`));
    });
  });
}
