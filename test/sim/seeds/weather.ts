import type { Draw } from './draw.ts';

/** All that can befall a call, or a machine. */
export const FAULTS = [
  'refused',
  'slow',
  'lost-before',
  'lost-after',
  'late',
  'duplicated',
  'half-done',
  'fence-short',
  'line-lost',
  'let-go',
  'written',
  'disk-full',
  'io-error',
  'unsynced-lost',
  'clock-jump',
  'second-controller',
  'interrupted',
  'killed',
  'power-lost',
  'moved',
  'array-down',
  'vsphere-gone',
] as const;
export type FaultKind = (typeof FAULTS)[number];

/** Faults so far, a kind. */
export type Tally = Map<FaultKind, number>;

/** How often something goes wrong now, and what. */
export interface Weather {
  readonly draw: Draw;
  /**
   * One of these befalls what is about to happen; undefined: nothing. Counted.
   *
   * @param times so many times as likely as for any call: what happens once in a run would else hardly be met
   */
  befalls<K extends FaultKind>(kinds: readonly [K, ...K[]], times?: number): K | undefined;
  /** This one has befallen, whoever chose it. */
  count(kind: FaultKind): void;
}

/** @param share of all calls that something befalls */
export function weather(draw: Draw, share: number, tally: Tally): Weather {
  const count = (kind: FaultKind): void => void tally.set(kind, (tally.get(kind) ?? 0) + 1);
  return {
    draw,
    count,
    befalls(kinds, times = 1) {
      if (share === 0 || !draw.chance(share * times)) return undefined;
      const kind = draw.pick(kinds);
      count(kind);
      return kind;
    },
  };
}
