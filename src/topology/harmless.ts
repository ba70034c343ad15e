import { meansSecret } from './secret-key.ts';
import type { Path } from './spot.ts';

const VM = [
  'vm',
  'boot',
  'encrypted',
  'allow',
  'exclude.disk',
  'exclude.because',
  'disks.*',
  'disks.*.mount',
  'disks.*.require',
  'quiesce',
  'quiesce.method',
  'quiesce.mounts',
];
const VOLUME = ['array', 'name', 'naa', 'eui', 'nfs', 'prefer', 'vmfs', 'rdm'];
const GROUP = [
  ...['vms', 'vms.vm', 'vms.after', 'vms.optional', 'window', 'longWindow'],
  ...['require', 'weak', 'maxAge', 'keep.last', 'instant'],
];

/** Where no secret belongs; `*` is a name. All else may hold one in the wrong place, under a key of any spelling. */
const OPEN: readonly (readonly string[])[] = [
  'version',
  'state',
  ...['arrays', 'expect'].map((key) => `tiers.*.${key}`),
  ...VOLUME.map((key) => `volumes.*.${key}`),
  ...VM.flatMap((key) => [`vms.*.${key}`, `defaults.${key}`]),
  ...GROUP.map((key) => `groups.*.${key}`),
  ...['driver', 'local', 'parallel'].map((key) => `arrays.*.${key}`),
].map((path) => path.split('.'));

/** Sections and keys of this file, that nobody has for a password. */
const WORDS: ReadonlySet<string> = new Set([
  ...OPEN.flat(),
  ...['vsphere', 'url', 'username', 'tls', 'fingerprint', 'ca', 'insecure', 'defaults', 'ssh', 'host', 'port', 'user'],
  ...['key', 'passphrase', 'password', 'agent', 'knownHosts', 'hostKey', 'jump', 'config', 'sudo', 'root', 'run'],
  ...['env', 'file', 'command', 'include'],
]);

const REFERENCES: readonly string[] = ['env', 'file', 'command', 'variables'];
/** Keys below these are names that somebody has chosen. */
const NAMED: readonly string[] = ['arrays', 'tiers', 'volumes', 'vms', 'groups', 'disks'];

/** Whether a value may be shown: it stands where no secret belongs, and does not look like one. */
export function isHarmless(path: Path, value: unknown): boolean {
  const steps = path.filter((step) => typeof step === 'string');
  const [holder, key] = steps.slice(-2);
  if (typeof value === 'boolean') return !steps.some(meansSecret);
  if (holder === 'ssh' && key === 'port') return typeof value === 'number';
  const text = String(value);
  if (key === 'env' || key === 'variables') return /^[A-Z_][A-Z0-9_]*$/.test(text);
  return isOpen(steps) && !/[\r\n]|-----BEGIN|:[^\s/]*@/.test(text);
}

/** Whether a key may be shown: a word, or a name that somebody chose, and not what stands where a secret should. */
export function isHarmlessKey(path: Path): boolean {
  const steps = path.filter((step) => typeof step === 'string');
  const [holder = '', key = ''] = steps.length < 2 ? ['', ...steps] : steps.slice(-2);
  if (meansSecret(holder)) return REFERENCES.includes(key);
  if (NAMED.includes(holder))
    return !key
      .split(/[\s:=]+/)
      .slice(0, -1)
      .some(meansSecret);
  return /^[\p{L}\p{N}_.-]+$/u.test(key) || key === '<<';
}

/** A word of the file's own language, wherever it stands. */
export function isOwnWord(word: string): boolean {
  return WORDS.has(word);
}

function isOpen(steps: readonly string[]): boolean {
  return OPEN.some(
    (open) => open.length === steps.length && open.every((word, index) => word === '*' || word === steps[index]),
  );
}
