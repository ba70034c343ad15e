import { type Problem, problem, subjectOf } from './problem.ts';
import { isSecretKey } from './secret-key.ts';
import { type Path, type ScalarSpot, type Spot, stepsOf } from './spot.ts';

export interface Literals {
  readonly problems: readonly Problem[];
  /** Where the file tells a secret, or may tell one: never to be shown. */
  readonly places: readonly { readonly start: number; readonly end: number }[];
}

/** Secrets that are written out in the file, recognised by their key, and passwords in URLs. */
export function literalSecrets(root: Spot): Literals {
  const problems: Problem[] = [];
  const places: ScalarSpot[] = [];
  const seen = new Set<Spot>();
  look(root, []);
  return { problems, places };

  function look(spot: Spot, path: Path): void {
    // A scalar is looked at wherever an alias brings it: only there it may be a password.
    if (spot.kind === 'scalar') {
      const found = secretIn(spot, path);
      problems.push(...found);
      if (found.length > 0) places.push(spot);
      return;
    }
    if (seen.has(spot)) return;
    seen.add(spot);
    for (const [step, value] of stepsOf(spot)) look(value, [...path, step]);
  }
}

function secretIn(spot: ScalarSpot, path: Path): readonly Problem[] {
  if (spot.value === null || spot.value === '' || typeof spot.value === 'boolean') return [];
  const written = String(spot.value);
  const key = String(path.at(-1));
  const about = { code: 'topology.literal-secret', subject: subjectOf(path), offset: spot.start };
  if (isSecretKey(key)) {
    const hint = `Write { env: ${variableFor(written, path)} }, { file: PATH } or { command: [..] }, and change the ${key}.`;
    return [problem({ ...about, message: `\`${key}\` is written out in the file`, hint })];
  }
  if (PRIVATE_KEY.test(written)) {
    const hint = 'Put it into a file of mode 0600, name that file here, and take this key out of use.';
    return [problem({ ...about, message: `a private key is written out under \`${key}\``, hint })];
  }
  if (!IN_URL.test(written) && !(ADDRESSES.includes(key) && IN_ADDRESS.test(written))) return [];
  const hint =
    key === 'jump'
      ? 'Take the password out, and change it: jump hosts are logged in to with a key.'
      : 'Take it out, give user and password keys of their own, and change the password.';
  return [problem({ ...about, message: `the address in \`${key}\` carries a password`, hint })];
}

const IN_URL = /^[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:[^\s/@]+@/i;
/** The same without a scheme, where an address stands: 'root:word@mail01'. */
const IN_ADDRESS = /(?:^|[\s,/])[^\s,/@:]*:[^\s,/]*@/;
const ADDRESSES: readonly string[] = ['url', 'host', 'jump'];
/** In PEM, or as its middle alone: what OpenSSH writes begins like this. */
const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY|^\s*b3BlbnNzaC1rZXktdjE/;

/** `$VC_PASSWORD`, as people write it who know the shell, is the variable's name already. */
function variableFor(written: string, path: Path): string {
  const [, name] = /^\$\{?([A-Za-z_]\w*)\}?$/.exec(written) ?? [];
  const [section, owner] = path;
  const own = section === 'arrays' && typeof owner === 'string' ? `${owner}_` : section === 'vsphere' ? 'vc_' : '';
  return name ?? `${own}${String(path.at(-1))}`.replace(/\W/g, '_').toUpperCase();
}
