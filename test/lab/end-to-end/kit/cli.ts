import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../../../bin/stillpoint.js', import.meta.url));

export interface Ended {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built program, running. */
export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** Resolves when its standard error has had this text; rejects when it ends without. */
  says(text: string): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** As `| head -0` does. */
  closeOutput(): void;
}

/**
 * Starts the built program as cron does: no terminal, standard input closed, nothing in its environment but what is
 * given.
 *
 * @param through argv that puts it where the guests can be reached; it must become the program, not its parent
 */
export function start(
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    through(argv: readonly string[]): readonly string[];
  },
): Running {
  const [program = '', ...argv] = options.through([process.execPath, BIN, ...args]);
  const child = spawn(program, argv, { cwd: options.cwd, env: options.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  const waiting = new Map<string, () => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const [wanted, heard] of waiting) if (stderr.includes(wanted)) heard();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit, signal) => resolve({ exit, signal, stdout, stderr }));
  });
  return {
    pid: pidOf(child),
    ended,
    says: (text) =>
      new Promise((resolve, reject) => {
        if (stderr.includes(text)) return resolve();
        waiting.set(text, resolve);
        void ended.then(() => reject(new Error(`it ended without saying '${text}':\n${stderr}`)));
      }),
    signal: (name) => void child.kill(name),
    closeOutput() {
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the program was not started');
  return pid;
}
