import { readSpot, type Spot } from './spot.ts';

/** What the two disks of a guest held when they were cut. */
export interface Image {
  readonly vm: string;
  readonly boot: number;
  readonly data: number;
}

/** Where a guest's numbers stand in a snapshot. */
export interface ImageSpots {
  readonly vm: string;
  readonly boot: Spot;
  readonly data: Spot;
}

export async function readImage({ vm, boot, data }: ImageSpots): Promise<Image> {
  return { vm, boot: await readSpot(boot), data: await readSpot(data) };
}

/**
 * Whether the two numbers never stood on the disks together. The writer puts N on the boot disk and then on the data
 * disk: at any instant the data disk holds the same number or the one before it. Looked at from both sides, since
 * either array may have been the late one.
 */
export function isTorn({ boot, data }: Image): boolean {
  return data !== boot && data !== boot - 1;
}
