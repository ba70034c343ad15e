import type { Plan, PlannedDisk } from '../model.ts';
import { table } from './table.ts';
import { WIDTH } from './text.ts';

const LONGEST_DEVICE = 24;

/**
 * The disks of a plan by tier, in the order of the plan; the guest's name once. What the last column says is the
 * caller's: whether a disk will be held, or what was proved of it.
 */
export function diskLines(
  plan: Plan,
  last: { readonly title: string; readonly of: (disk: PlannedDisk) => string },
  width = WIDTH,
): readonly string[] {
  const short = shortDevices(plan.disks.flatMap((disk) => disk.data));
  const header = ['guest', 'disk', 'lies on', 'LUN', 'array: volume', last.title];
  const tiers = [...new Set(plan.disks.map((disk) => disk.tier))].sort(byName);
  const blocks = tiers.map((tier) => ({
    tier,
    rows: rowsOf(
      plan.disks.filter((disk) => disk.tier === tier),
      short,
      last.of,
    ),
  }));
  // One table over all tiers, so that the columns stand under one another; then the tiers' names between its rows.
  const [head = '', ...lines] = table([header, ...blocks.flatMap((block) => block.rows)], {
    indent: '  ',
    width,
    shrink: [2, 3, 4, 0],
  });
  let from = 0;
  return [
    head,
    ...blocks.flatMap(({ tier, rows }) => {
      const own = lines.slice(from, from + rows.length);
      from += rows.length;
      return tiers.length === 1 && tier === undefined ? own : [` ${tier ?? 'on an array of no tier'}`, ...own];
    }),
  ];
}

function rowsOf(
  disks: readonly PlannedDisk[],
  short: ReadonlyMap<string, string>,
  last: (disk: PlannedDisk) => string,
): readonly (readonly string[])[] {
  return disks.flatMap((disk, index) => {
    const guest = disks[index - 1]?.ref.vm === disk.ref.vm ? '' : disk.ref.vm;
    const lies = Math.max(1, disk.data.length, disk.volumes.length);
    return Array.from({ length: lies }, (_, part) => {
      const device = disk.data[part];
      const volume = disk.volumes[part];
      const place = [
        device === undefined ? '' : (short.get(device) ?? device),
        volume === undefined ? '' : `${volume.array}: ${volume.name}`,
      ];
      return part === 0 ? [guest, disk.ref.disk, disk.where, ...place, last(disk)] : ['', '', '', ...place, ''];
    });
  });
}

/** 'naa.6…b0': as much of each as tells it from all others here. */
function shortDevices(devices: readonly string[]): ReadonlyMap<string, string> {
  const all = [...new Set(devices)];
  for (let tail = 2; tail <= LONGEST_DEVICE; tail += 1) {
    const short = new Map(all.map((device) => [device, shortDevice(device, tail)]));
    if (new Set(short.values()).size === all.length) return short;
  }
  return new Map(all.map((device) => [device, device]));
}

function shortDevice(device: string, tail: number): string {
  const [, head, rest = ''] = /^((?:naa|eui)\..)(.+)$/.exec(device) ?? [];
  return head === undefined || rest.length <= tail ? device : `${head}…${rest.slice(-tail)}`;
}

function byName(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? 1 : -1;
  return a < b ? -1 : 1;
}
