import type { Need } from '../../../needs.ts';
import { GUEST } from '../../kit/needs.ts';

/** What a world of guests, arrays and a vCenter is made of. */
export const LAB = [...GUEST, 'ssh', 'mkfs.xfs', 'mkfs.btrfs', 'vcsim'] as const satisfies readonly Need[];
