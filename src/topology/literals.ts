import { type Problem, problem, subjectOf } from './problem.ts';
import { isSecretKey } from './secret-key.ts';
import { type Path, type ScalarSpot, type Spot, stepsOf } from './spot.ts';

export interface Literal {
  readonly start: number;
  readonly end: number;
  readonly problem: Problem;
}

/** Secrets that are written out in the file, recognised by their key, and passwords in URLs. */
export function literalSecrets(root: Spot): readonly Literal[] {
  const found: Literal[] = [];
  const seen = new Set<Spot>();
  look(root, []);
  return found;

  function look(spot: Spot, path: Path): void {
    // A scalar is looked at wherever an alias brings it: only there it may be a password.
    if (spot.kind === 'scalar') {
      found.push(...secretIn(spot, path));
      return;
    }
    if (seen.has(spot)) return;
    seen.add(spot);
    for (const [step, value] of stepsOf(spot)) look(value, [...path, step]);
  }
}

function secretIn(spot: ScalarSpot, path: Path): readonly Literal[] {
  if (spot.value === null || spot.value === '' || typeof spot.value === 'boolean') return [];
  const written = String(spot.value);
  const key = String(path.at(-1));
  const { start, end } = spot;
  const about = { code: 'topology.literal-secret', subject: subjectOf(path), offset: start };
  if (isSecretKey(key)) {
    const hint = `Write { env: ${variableFor(written, path)} }, { file: PATH } or { command: [..] }, and change the ${key}.`;
    return [{ start, end, problem: problem({ ...about, message: `\`${key}\` is written out in the file`, hint }) }];
  }
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:[^\s/@]+@/i.test(written)) return [];
  const hint = 'Take it out, give user and password their own keys, and change the password.';
  return [
    { start, end, problem: problem({ ...about, message: `the address in \`${key}\` carries a password`, hint }) },
  ];
}

/** `$VC_PASSWORD`, as people write it who know the shell, is the variable's name already. */
function variableFor(written: string, path: Path): string {
  const [, name] = /^\$\{?([A-Za-z_]\w*)\}?$/.exec(written) ?? [];
  const [section, owner] = path;
  const own = section === 'arrays' && typeof owner === 'string' ? `${owner}_` : section === 'vsphere' ? 'vc_' : '';
  return name ?? `${own}${String(path.at(-1))}`.replace(/\W/g, '_').toUpperCase();
}
