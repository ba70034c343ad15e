import type { ArrayId, CutUnit, Volume } from '../model.ts';

/** Where nothing takes two volumes at one instant, every volume is a unit of its own. */
export function onePerVolume(array: ArrayId, volumes: readonly Volume[]): readonly CutUnit[] {
  return volumes.map((volume) => ({ array, id: `${array}/${volume.id}`, volumes: [volume], alsoCaptures: [] }));
}
