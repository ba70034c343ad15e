import type { Need } from '../../needs.ts';

/** A guest in namespaces of its own: a real sshd, real file systems, a holder. */
export const GUEST = [
  'root',
  'linux',
  'sshd',
  'ip',
  'unshare',
  'losetup',
  'loop',
  'namespaces',
  'fsfreeze',
  'python3',
  'mkfs.ext4',
] as const satisfies readonly Need[];
