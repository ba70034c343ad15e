import type { Need } from '../../../needs.ts';

/** What a world of guests, arrays and a vCenter is made of. */
export const LAB = [
  'root',
  'linux',
  'sshd',
  'ssh',
  'ip',
  'unshare',
  'losetup',
  'loop',
  'namespaces',
  'fsfreeze',
  'python3',
  'mkfs.ext4',
  'mkfs.xfs',
  'mkfs.btrfs',
  'vcsim',
] as const satisfies readonly Need[];
