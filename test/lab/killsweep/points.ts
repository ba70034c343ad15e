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

export interface Choice {
  /** So many of those outside the window, by lot, the same ones for the same `from`. Absent: all. */
  readonly sample?: { readonly count: number; readonly from: string };
  /** A part of the chosen ones, counted from 1: so that a long sweep can be done in pieces. The same place is always in the same. */
  readonly part: number;
  readonly of: number;
}

/** Those to be tried, in their order. Points of the window are never left out of a sample. */
export function chosen<T extends Point>(points: readonly T[], { sample, part, of }: Choice): readonly T[] {
  const some = sample === undefined ? points : sampled(points, sample);
  return some.filter(({ place }) => (Number.parseInt(lot(place).slice(0, 8), 16) % of) + 1 === part);
}

function sampled<T extends Point>(points: readonly T[], { count, from }: NonNullable<Choice['sample']>): readonly T[] {
  const drawnBy = (point: T): string => lot(`${from} ${JSON.stringify(point)}`);
  const outside = points.filter(({ inWindow }) => !inWindow);
  const drawn = new Set(outside.sort((a, b) => (drawnBy(a) < drawnBy(b) ? -1 : 1)).slice(0, count));
  return points.filter((point) => point.inWindow || drawn.has(point));
}

function lot(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
