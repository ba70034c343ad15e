/** A value of the file together with where it stands. What an alias gives stands where its anchor is. */
export type Spot = ScalarSpot | MapSpot | ListSpot;

interface Stands {
  /** Offset of the value's first character. */
  readonly start: number;
  readonly end: number;
  /** Values in it, itself included, and levels of nesting: with everything that its aliases bring. */
  readonly size: number;
  readonly depth: number;
}

export interface ScalarSpot extends Stands {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
}

export interface MapSpot extends Stands {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  readonly keyStart: number;
  readonly value: Spot;
}

interface ListSpot extends Stands {
  readonly kind: 'list';
  readonly items: readonly Spot[];
}

export type Path = readonly (string | number)[];

/** The value under a key, or undefined: also where there is no map. */
export function under(spot: Spot | undefined, ...keys: readonly string[]): Spot | undefined {
  let here = spot;
  for (const key of keys) here = here?.kind === 'map' ? here.entries.get(key)?.value : undefined;
  return here;
}

/** What a map or list holds, each with the step that leads to it. */
export function stepsOf(spot: Spot): readonly (readonly [string | number, Spot])[] {
  if (spot.kind === 'map') return [...spot.entries].map(([key, { value }]) => [key, value] as const);
  return spot.kind === 'list' ? spot.items.map((item, index) => [index, item] as const) : [];
}

/** The entries of a map in the order of the file; none where there is no map. */
export function entriesOf(spot: Spot | undefined): readonly ({ readonly key: string } & Entry)[] {
  return spot?.kind === 'map' ? [...spot.entries].map(([key, entry]) => ({ key, ...entry })) : [];
}

export function itemsOf(spot: Spot | undefined): readonly Spot[] {
  return spot?.kind === 'list' ? spot.items : [];
}

export function textOf(spot: Spot | undefined): string | undefined {
  return spot?.kind === 'scalar' && typeof spot.value === 'string' ? spot.value : undefined;
}

/**
 * Where a finding about `path` points: the value, or its key where the value is empty or the key itself is meant. A
 * path that leads to nothing (a missing key) ends at what should have it.
 */
export function offsetOf(root: Spot, path: Path, points: 'at the key' | 'at the value'): number {
  let here = root;
  let offset = root.start;
  for (const [index, step] of path.entries()) {
    const next = stepInto(here, step);
    if (next === undefined) return offset;
    here = next.value;
    const last = index === path.length - 1;
    const named = next.keyStart !== undefined && (!last || points === 'at the key' || isEmpty(here));
    offset = named && next.keyStart !== undefined ? next.keyStart : here.start;
  }
  return offset;
}

function stepInto(spot: Spot, step: string | number): { readonly keyStart?: number; readonly value: Spot } | undefined {
  if (spot.kind === 'map') return spot.entries.get(String(step));
  const value = spot.kind === 'list' ? spot.items[Number(step)] : undefined;
  return value === undefined ? undefined : { value };
}

function isEmpty(spot: Spot): boolean {
  return spot.kind === 'scalar' && spot.value === null;
}
