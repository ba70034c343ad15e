import { resolve } from 'node:path';
import { variableName } from '../base/secret-ref.ts';
import { SSH_PATHS } from '../transport/ssh/settings.ts';
import { type Problem, problem, subjectOf } from './problem.ts';
import { isSecretKey, meansSecret } from './secret-key.ts';
import { type MapSpot, type Path, type Spot, textOf, under } from './spot.ts';

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute: what relative paths start from. */
  readonly folder: string;
  /** What `~` stands for. */
  readonly home: string;
}

export interface Filled {
  /** The file as plain values, without its `x-` keys. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

/**
 * The tree as plain values for the schema: `{ env: NAME }` in ordinary text replaced by what the variable holds, paths
 * made absolute. Secrets stay references.
 */
export function fill(root: Spot, surroundings: Surroundings): Filled {
  const problems: Problem[] = [];
  if (root.kind !== 'map') return { value: plain(root, []), problems };
  const sections = [...root.entries].filter(([key]) => !key.startsWith('x-'));
  return { value: Object.fromEntries(sections.map(([key, { value }]) => [key, plain(value, [key])])), problems };

  function plain(spot: Spot, path: Path): unknown {
    if (spot.kind === 'list') return spot.items.map((item, index) => plain(item, [...path, index]));
    if (spot.kind === 'scalar') {
      return typeof spot.value === 'string' ? text(spot.value, path) : spot.value;
    }
    const name = takesVariables(path) ? variableIn(spot) : undefined;
    if (name !== undefined) return variable(name, spot.start, path);
    return Object.fromEntries([...spot.entries].map(([key, { value }]) => [key, plain(value, [...path, key])]));
  }

  function text(written: string, path: Path): string {
    return isPath(path, written) ? absolute(written, surroundings) : written;
  }

  function variable(name: string, offset: number, path: Path): string {
    const said = variableName.safeParse(name).error?.issues[0]?.message;
    if (said !== undefined) {
      const [message = '', hint] = said.split('\n');
      const about = { code: 'topology.variable-name', subject: subjectOf(path), message, offset };
      problems.push(problem(hint === undefined ? about : { ...about, hint }));
      return '';
    }
    const held = surroundings.env[name];
    if (held !== undefined && held !== '') return text(held, path);
    problems.push(
      problem({
        code: 'topology.variable-not-set',
        subject: subjectOf(path),
        message: `the environment variable ${name} is not set`,
        hint: `Set ${name}, or write the value here; under cron a variable must be set in the crontab.`,
        offset,
      }),
    );
    return '';
  }
}

/** Under `vsphere`, `arrays` and every `ssh`, any text may be `{ env: NAME }`. A secret's is left for later. */
function takesVariables(path: Path): boolean {
  const [section] = path;
  if (meansSecret(String(path.at(-1)))) return false;
  return section === 'vsphere' || section === 'arrays' || path.slice(0, -1).includes('ssh');
}

function variableIn(spot: MapSpot): string | undefined {
  return spot.entries.size === 1 ? textOf(under(spot, 'env')) : undefined;
}

function isPath(path: Path, written: string): boolean {
  // The program of a secret's command, unless it is a bare name, which is looked for in PATH.
  if (path.at(-1) === 0 && path.at(-2) === 'command' && isSecretKey(String(path.at(-3)))) return written.includes('/');
  const [holder, key] = path.filter((step) => typeof step === 'string').slice(-2);
  if (path.length === 1) return holder === 'state';
  if (holder === 'ssh') return SSH_PATHS.some((name) => name === key);
  return (holder === 'tls' && key === 'ca') || (key === 'file' && isSecretKey(String(holder)));
}

function absolute(written: string, { folder, home }: Surroundings): string {
  if (written === '') return written;
  if (written === '~' || written.startsWith('~/')) return home + written.slice(1);
  return resolve(folder, written);
}
