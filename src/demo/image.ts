import type { LedgerReport } from '../ledger/report.ts';
import { judgeLedger } from '../ledger/rule.ts';
import { ledgerAt, numberOf, type Spot } from './spot.ts';

/** What the two disks of a guest held when they were cut. */
export interface Image {
  readonly vm: string;
  readonly boot: number;
  readonly data: number;
  readonly answer: LedgerReport['answer'];
}

/** Where a guest's ledger stands in a snapshot. */
export interface ImageSpots {
  readonly vm: string;
  readonly boot: Spot;
  readonly data: Spot;
}

export async function readImage({ vm, boot, data }: ImageSpots): Promise<Image> {
  return imageOf(vm, await ledgerAt(boot), await ledgerAt(data));
}

/** Judged as `stillpoint ledger check` does. */
export function imageOf(vm: string, boot: string, data: string): Image {
  const { answer, volumes } = judgeLedger([
    { volume: 'boot', text: boot },
    { volume: 'data', text: data },
  ]);
  const [onBoot, onData] = volumes.map(({ last }) => numberOf(last));
  return { vm, boot: onBoot ?? 0, data: onData ?? 0, answer };
}

/** Whether the two numbers never stood on the disks together. */
export function isTorn({ answer }: Image): boolean {
  return answer === 'violated';
}
