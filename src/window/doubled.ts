import type { ArraySnapshot, Verdict, Volume } from '../model.ts';

/** Volumes of which an array shows more than one snapshot under the label of one run: it carried a request out twice. */
export function doubledIn(taken: readonly ArraySnapshot[], volumes: readonly Volume[]): readonly Volume[] {
  const isOf = (volume: Volume, { array, source }: ArraySnapshot): boolean =>
    array === volume.array && source.id === volume.id;
  return volumes.filter((volume) => taken.filter((snapshot) => isOf(volume, snapshot)).length > 1);
}

/** Which of two snapshots was cut inside the window nobody knows: nothing of the set is proved. */
export function withDoubled(judged: Verdict, doubled: readonly Volume[]): Verdict {
  const [first] = doubled;
  if (first === undefined) return judged;
  const names = doubled.map(({ name }) => name).join(', ');
  const why = `array ${first.array} has more than one snapshot of ${names}: which of them the window covers is not known`;
  return {
    level: 'unproven',
    except: [],
    oneInstant: false,
    disks: judged.disks.map(({ ref }) => ({ ref, level: 'crash' })),
    vms: judged.vms.map((vm) => ({ ...vm, level: 'unproven' })),
    because: [why, ...judged.because],
  };
}
