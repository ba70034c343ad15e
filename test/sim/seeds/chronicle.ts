import type { ArrayId, ArraySnapshot, CutLabel, ReleaseKind, VmName } from '../../../src/model.ts';

/** What was really done, and by whom: seen where it happens, on the world's one clock. Nobody's words are in it. */
export interface Chronicle {
  readonly holds: HoldSeen[];
  readonly fires: FireSeen[];
  readonly cuts: CutSeen[];
  readonly removals: RemovalSeen[];
  /** Who prepared something, or fired, under a label; a label that is not here is nobody's. */
  readonly labels: Map<CutLabel, number>;
}

/** One word to a guest, and what came of it. `by`: the number of the operation. */
export interface HoldSeen {
  readonly by: number;
  readonly vm: VmName;
  readonly sentAtMs: number;
  readonly leaseMs: number;
  confirmedAtMs?: number;
  releaseSentAtMs?: number;
  /** What the guest answered to the release; absent: nothing came. */
  word?: ReleaseKind;
}

export interface FireSeen {
  readonly by: number;
  readonly array: ArrayId;
  readonly unit: string;
  readonly label: CutLabel;
  readonly sentAtMs: number;
  answeredAtMs?: number;
  answer?: 'cut' | 'refused' | 'accepted';
}

interface CutSeen {
  readonly array: ArrayId;
  readonly label: CutLabel;
  readonly unit: string;
  readonly made: readonly string[];
  readonly atMs: number;
}

interface RemovalSeen {
  readonly by: number;
  readonly snapshot: ArraySnapshot;
  readonly atMs: number;
}

export function emptyChronicle(): Chronicle {
  return { holds: [], fires: [], cuts: [], removals: [], labels: new Map() };
}
