import type { Deadline } from '../base/deadline.ts';
import { Fault } from '../base/fault.ts';
import { newLabel } from '../catalog/names.ts';
import type { ArraySnapshot, CutUnit } from '../model.ts';
import type { ArrayDriver } from '../ports.ts';
import { type Image, isTorn, readImage } from './image.ts';
import type { SmallWorld } from './world.ts';

/** What was read back from the snapshots of one round, guest by guest. */
export type Round = readonly Image[];

export interface Tally {
  readonly rounds: number;
  /** Rounds with at least one torn guest. */
  readonly torn: number;
  readonly images: number;
  readonly tornImages: number;
}

export function tally(rounds: readonly Round[]): Tally {
  const images = rounds.flat();
  return {
    rounds: rounds.length,
    torn: rounds.filter((round) => round.some(isTorn)).length,
    images: images.length,
    tornImages: images.filter(isTorn).length,
  };
}

/** Numbers that stand still would never be torn, and what cannot be judged shows nothing: refused. */
export function insistOnWriters(before: Round | undefined, now: Round): void {
  for (const { vm, boot, answer } of now) {
    const last = before?.find((image) => image.vm === vm)?.boot ?? 0;
    if (boot <= last) throw noWriter(`guest ${vm}: nothing was written between two snapshots`);
    if (answer === 'cannot-be-judged') throw noWriter(`guest ${vm}: too little was written to be judged`);
  }
}

function noWriter(message: string): Fault {
  return new Fault({ code: 'demo.no-writer', message });
}

/** Fires all arrays at the same moment while the guests run, reads back, and clears the arrays. */
export async function unheldRound(
  world: SmallWorld,
  arrays: readonly { readonly driver: ArrayDriver; readonly units: readonly CutUnit[] }[],
  limit: Deadline,
): Promise<Round> {
  const label = newLabel();
  const armed = await Promise.all(arrays.map(({ driver, units }) => driver.arm(units, label, limit)));
  const answers = (await Promise.all(armed.map((cut) => cut.fire(limit)))).flat();
  for (const answer of answers) if (answer.kind !== 'cut') throw answer.why.of(`array ${answer.unit.array}`);
  const taken = (await Promise.all(armed.map((cut) => cut.collect(limit)))).flatMap((answer) => answer.taken);
  const round = await readBack(world, taken);
  await world.clearArrays();
  return round;
}

/** The numbers of every guest in the snapshots of one set. */
export function readBack(world: SmallWorld, taken: readonly ArraySnapshot[]): Promise<Round> {
  const spots = world.images((array, volume) => {
    const found = taken.find((snapshot) => snapshot.array === array && snapshot.source.name === volume);
    if (found !== undefined) return `${volume}@${found.name}`;
    throw new Fault({ code: 'demo.no-snapshot', message: `array ${array}: there is no snapshot of ${volume}` });
  });
  return Promise.all(spots.map(readImage));
}
