import { quoted } from '../../base/quoted.ts';
import type { Finding, GuestUse } from '../../model.ts';
import { type Block, disksUnder, isDisk } from './blocks.ts';
import { textOf } from './facts.ts';
import type { GuestView } from './guest.ts';
import { recording } from './layers.ts';

/** Whole disks of which the kernel does not tell whether somebody writes to them while they are held, and why. */
export function uncounted(guest: GuestView): ReadonlyMap<string, string> {
  const recorded = new Map(
    recording(guest).flatMap(({ name, does }) => disksUnder([name], guest.blocks).map((disk) => [disk, does] as const)),
  );
  return new Map(
    [...guest.blocks.values()].filter(isDisk).flatMap((disk) => {
      const records = recorded.get(disk.name);
      const why = records === undefined ? notCounted(disk, guest) : `${records} are written there at any time`;
      return why === undefined ? [] : [[disk.name, why] as const];
    }),
  );
}

/** As the holder takes it: a name of sysfs, which leads nowhere else. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_!.+-]*$/;

function notCounted({ name }: Block, { facts }: GuestView): string | undefined {
  const counts = (textOf(facts, `/sys/class/block/${name}/stat`) ?? '').split(/\s+/).map(Number);
  if (!NAME.test(name) || counts.length < 11 || counts.some(Number.isNaN)) return 'its counters cannot be read';
  if (textOf(facts, `/sys/class/block/${name}/queue/iostats`) === '0') return 'its counters are switched off';
  // Whatever was mounted from it was read: a counter that stands at nothing counts nothing.
  return counts[0] === 0 && counts[4] === 0 ? 'its counters stand still' : undefined;
}

/** The disks that are still as a whole when this is held. */
function stillDisks(uses: readonly GuestUse[]): ReadonlySet<string> {
  const free = new Set(uses.flatMap((use) => (use.held ? [] : use.disks)));
  return new Set(uses.flatMap((use) => (use.held ? use.disks.filter((disk) => !free.has(disk)) : [])));
}

/** Of disks that a hold would still: it is worth less on these, for nobody could tell who writes to them meanwhile. */
export function countFindings(guest: GuestView, uses: readonly GuestUse[], subject: string): readonly Finding[] {
  const still = stillDisks(uses);
  return [...uncounted(guest)]
    .filter(([name]) => still.has(name))
    .map(([name, why]) => ({
      code: 'quiesce.not-counted',
      severity: 'warning',
      subject,
      message: `what is written to ${quoted(name)} while it is held cannot be told (${why}): a hold gives \`crash\` here`,
      ...(why.endsWith('switched off') ? { hint: `Switch them on: echo 1 > /sys/block/${name}/queue/iostats` } : {}),
    }));
}
