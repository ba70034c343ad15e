import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where programs are that cron's and many a pipeline's PATH lacks. */
export const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'] as const;

/**
 * The path that running `name` uses: looked for in PATH, then in the system folders. A name with a slash is a path
 * already. undefined: there is no such program.
 */
export function findProgram(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (name.includes('/')) return canRun(name) ? name : undefined;
  const folders = [...(env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''), ...SYSTEM_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(canRun);
}

/** PATH for what we start, so that a script of ours finds what we would find. */
function widerPath(env: NodeJS.ProcessEnv): string {
  const own = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...own, ...SYSTEM_FOLDERS.filter((folder) => !own.includes(folder))].join(delimiter);
}

/** Where things are, and in which language: what programs need, and no secret. */
const PASSED =
  /^(?:HOME|USER|LOGNAME|SHELL|TMPDIR|TZ|LANG|LANGUAGE|LC_\w+|XDG_\w+|SSH_AUTH_SOCK|DBUS_SESSION_BUS_ADDRESS|GNUPGHOME)$/;

/**
 * The environment of what we start: ours may hold every password of the topology.
 * @param variables what it is to have besides
 */
export function programEnvironment(env: NodeJS.ProcessEnv, variables: readonly string[] = []): NodeJS.ProcessEnv {
  const passed = Object.entries(env).filter(([name]) => PASSED.test(name) || variables.includes(name));
  return { ...Object.fromEntries(passed), PATH: widerPath(env) };
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
