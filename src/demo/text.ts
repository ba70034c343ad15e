import type { Plan } from '../model.ts';
import { table } from '../ui/table.ts';
import { WIDTH } from '../ui/text.ts';
import { isTorn } from './image.ts';
import { type Round, tally } from './rounds.ts';

export const INDENT = '   ';

/** '1  Where the disks lie', and at the right edge the command that shows the same of a real world. */
export function heading(number: number, title: string, command?: string): string {
  const left = `${number}  ${title}`;
  return command === undefined ? left : `${left}${`(${command})`.padStart(WIDTH - left.length)}`;
}

/** Where every disk of the plan lies, a guest's name only once. */
export function whereDisksLie(plan: Plan): readonly string[] {
  const rows = plan.disks.map((disk, index) => [
    plan.disks[index - 1]?.ref.vm === disk.ref.vm ? '' : disk.ref.vm,
    disk.ref.disk,
    disk.where,
    shortDevice(disk.data[0] ?? ''),
    disk.volumes.map((volume) => `${volume.array}: ${volume.name}`).join(', '),
    disk.tier ?? '',
  ]);
  return table([['guest', 'disk', 'lies on', 'LUN', 'array: volume', 'tier'], ...rows], { indent: INDENT });
}

/** Where the numbers of one round stand, a guest a line. */
export function imagesRead(round: Round): readonly string[] {
  const rows = round.map((image) => [
    image.vm,
    'boot',
    String(image.boot),
    'data',
    String(image.data),
    isTorn(image) ? 'these two never existed together' : 'ok',
  ]);
  return table(rows, { indent: `${INDENT}   ` });
}

export function unheldSummary(rounds: readonly Round[]): string {
  const { torn, images, tornImages } = tally(rounds);
  return `${INDENT}${rounds.length} rounds: ${torn} with a torn guest (${tornImages} of ${images} images torn)`;
}

export function heldSummary(rounds: readonly Round[]): string {
  const { torn, images, tornImages } = tally(rounds);
  return `${INDENT}${rounds.length} rounds: ${torn} torn (${tornImages} of ${images})`;
}

/** 'naa.6…b0': what tells these few apart. */
function shortDevice(device: string): string {
  return device.replace(/^((?:naa|eui)\..).*(..)$/, '$1…$2');
}
