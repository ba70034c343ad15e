/** A known cause of a failure, told by what a program on Linux said. */
export interface Reason {
  readonly code: string;
  readonly hint: string;
}

/** What Linux says (LC_ALL=C), what it means for a snapshot, and what to do. */
const REASONS: readonly (Reason & { readonly says: RegExp })[] = [
  {
    says: /No space left on device/i,
    code: 'array.full',
    hint: 'Make room on its file system: remove old sets, or grow it.',
  },
  { says: /Disk quota exceeded/i, code: 'array.quota', hint: 'Raise the quota, or remove old sets.' },
  {
    says: /Permission denied|Operation not permitted/i,
    code: 'array.denied',
    hint: 'Log in as a user who may do this, or set ssh.sudo.',
  },
  {
    says: /Read-only file system/i,
    code: 'array.read-only',
    hint: 'Its file system is mounted read-only: see its kernel log, then mount it writable.',
  },
  {
    says: /File exists/i,
    code: 'array.name-taken',
    hint: 'Somebody made something under that name since the run began: look at it, then run again.',
  },
  {
    says: /Operation not supported|Invalid cross-device link|Inappropriate ioctl/i,
    code: 'array.cannot-clone',
    hint: 'The file system cannot do this: volumes and snapshots must lie on one that can, and on the same.',
  },
  {
    says: /No such file or directory|cannot find real path|cannot access/i,
    code: 'array.volume-gone',
    hint: 'The volume is no longer where it was: look at it, then run again.',
  },
];

const MISSING: Reason = {
  code: 'array.program-missing',
  hint: 'Install it there; docs/drivers.md says what each driver needs.',
};

/** What is known about a failure; undefined: nothing, and the program's own words have to do. */
export function reasonFor(exit: number | null, said: string): Reason | undefined {
  if (exit === 127 || exit === 126) return MISSING;
  return REASONS.find(({ says }) => says.test(said));
}
