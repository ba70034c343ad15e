import { execFile, spawnSync } from 'node:child_process';

const ENV = { ...process.env, LC_ALL: 'C', PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };

/** Runs a program of this machine to its end; fails with what it said. Only for what never touches a frozen disk. */
export function must(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { env: ENV, encoding: 'utf8', timeout: 60_000 });
  if (status === 0) return stdout.trim();
  throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? `exit ${status}: ${stderr.trim()}`}`);
}

/** The same, but whatever comes of it is an answer, and a program that hangs is left behind after `limitMs`. */
export function attempt(
  program: string,
  args: readonly string[],
  limitMs = 5000,
): Promise<{ readonly exit: number | 'hangs'; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { env: ENV, encoding: 'utf8' }, (error, stdout, stderr) => {
      clearTimeout(timer);
      const exit = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ exit, stdout, stderr: stderr || (error?.message ?? '') });
    });
    const timer = setTimeout(() => {
      child.unref();
      resolve({ exit: 'hangs', stdout: '', stderr: '' });
    }, limitMs);
  });
}
