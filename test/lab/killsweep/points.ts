import { createHash } from 'node:crypto';

/** A place where the program can be killed, as a run that nobody ended came through it. */
export interface Point {
  readonly place: string;
  /** From before the first hold is sent until the last word of the release is here. */
  readonly inWindow: boolean;
}

const FIRST_HOLD = /^before ssh \S+ .*> freeze #1$/;
const RELEASED = /^after ssh \S+ .*< THAWED #\d+$/;

/** What a run has written down, in its order. */
export function pointsIn(list: string): readonly Point[] {
  const places = list.split('\n').filter((place) => place !== '');
  const first = places.findIndex((place) => FIRST_HOLD.test(place));
  const last = places.findLastIndex((place) => RELEASED.test(place));
  return places.map((place, nth) => ({ place, inWindow: first !== -1 && nth >= first && nth <= last }));
}

export type Choice =
  | { readonly kind: 'all'; readonly part: number; readonly of: number }
  /** `count` of those outside the window, by lot; the same ones for the same `from`. */
  | { readonly kind: 'sample'; readonly count: number; readonly from: string };

/** Those to be tried, in their order. Points of the window are never left out of a sample. */
export function chosen<T extends Point>(points: readonly T[], choice: Choice): readonly T[] {
  if (choice.kind === 'all') return points.filter((_, nth) => nth % choice.of === choice.part - 1);
  const lot = (point: T): string =>
    createHash('sha256')
      .update(`${choice.from} ${JSON.stringify(point)}`)
      .digest('hex');
  const outside = points.filter(({ inWindow }) => !inWindow);
  const drawn = new Set(outside.sort((a, b) => (lot(a) < lot(b) ? -1 : 1)).slice(0, choice.count));
  return points.filter((point) => point.inWindow || drawn.has(point));
}
