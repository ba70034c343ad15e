import type { ArraySnapshot, Manifest, SetId } from '../../../src/model.ts';
import type { Deed } from './deed.ts';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';

/** A history as far as it has come: what the judges look at. */
export interface Story {
  readonly world: World;
  readonly machines: readonly [Machine, Machine];
  readonly deeds: readonly Deed[];
  /** Every set that was ever seen in a catalog, in the order in which they were made. */
  readonly sets: readonly SetSeen[];
  /** Snapshots of somebody else, by array and name: they stay as they are. */
  readonly strangers: readonly ArraySnapshot[];
  /** Ids of snapshots of ours that somebody else took away. */
  readonly taken: ReadonlySet<string>;
}

export interface SetSeen {
  readonly machine: Machine;
  readonly id: SetId;
  readonly manifest: Manifest;
  readonly pinned: boolean;
  /** Its removal was begun, or it is gone: it counts for nothing any more. */
  readonly going: boolean;
}

/** A promise that was not kept. */
export interface Broken {
  /** 'I2', 'exit', 'complete', 'hang' */
  readonly promise: string;
  readonly what: string;
}

export function broken(promise: string, what: string): Broken {
  return { promise, what };
}
