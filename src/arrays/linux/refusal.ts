import { EXIT, Fault } from '../../base/fault.ts';
import type { CutUnit } from '../../model.ts';
import { unitName } from '../armed.ts';

/** What Linux says (LC_ALL=C), what it means for a snapshot, and what to do. */
const REASONS: readonly { readonly says: RegExp; readonly code: string; readonly hint: string }[] = [
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
  { says: /not found/i, code: 'array.program-missing', hint: 'Install it there.' },
];

/** Why a unit was certainly not taken. */
export function refusal(unit: CutUnit, exit: number, said: string): Fault {
  const known = REASONS.find(({ says }) => says.test(said));
  return new Fault({
    code: known?.code ?? 'array.refused',
    message: `array ${unit.array}: snapshot of ${unitName(unit)} refused (exit ${exit})${said === '' ? '' : `: ${said}`}`,
    hint: known?.hint ?? "Try the same there by hand; the message is the array's own.",
    exit: EXIT.windowFailed,
  });
}
