/** Choices that a seed makes: the same seed makes the same ones, in the same order, on every machine. */
export interface Draw {
  /** 0 … limit − 1 */
  below(limit: number): number;
  between(least: number, most: number): number;
  chance(share: number): boolean;
  pick<T>(from: readonly [T, ...T[]]): T;
  /** One of any list; undefined: it is empty. */
  oneOf<T>(from: readonly T[]): T | undefined;
  bytes(count: number): Uint8Array;
  /** A stream of its own: what is drawn there changes nothing here. */
  apart(name: string): Draw;
}

export function drawFrom(seed: number, name = ''): Draw {
  let state = mixed(seed, name);

  /** mulberry32: 32 bits of state, which passes through every value once. */
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    chance: (share) => next() < share,
    pick: (from) => from[below(from.length)] ?? from[0],
    oneOf: (from) => from[below(from.length)],
    bytes: (count) => Uint8Array.from({ length: count }, () => below(256)),
    apart: (other) => drawFrom(seed, `${name}/${other}`),
  };
}

function mixed(seed: number, name: string): number {
  let hash = 0x811c9dc5 ^ seed;
  for (const sign of `${seed} ${name}`) hash = Math.imul(hash ^ (sign.codePointAt(0) ?? 0), 0x01000193);
  return hash;
}
