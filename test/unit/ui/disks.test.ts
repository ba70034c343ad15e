import { describe, expect, test } from 'vitest';
import { nfsKey } from '../../../src/inventory/device.ts';
import type { Plan } from '../../../src/model.ts';
import { diskLines } from '../../../src/ui/disks.ts';
import { widthOf } from '../../../src/ui/text.ts';
import { mailPlan } from '../../fixtures/sets.ts';

const EXPORT = nfsKey(
  'filer-of-the-second-floor.corp.example',
  '/exports/department/accounting/archive/2026/volume-17',
);

/** A plan of which one disk lies on an export with a long name. */
function plan(): Plan {
  const base = mailPlan();
  const [first] = base.disks;
  if (first === undefined) throw new Error('the fixture has disks');
  const one = { ...first, ref: { vm: 'app01', disk: 'scsi0:2' }, where: 'datastore Ablage', data: [EXPORT] };
  return { ...base, disks: [...base.disks, one] };
}

const column = { title: 'held', of: () => 'yes' };
const names = plan().disks.flatMap(({ volumes }) => volumes.map(({ array, name }) => `${array}: ${name}`));

describe('the table of the disks', () => {
  test('cuts nothing where there is no terminal, however long one line gets', () => {
    const lines = diskLines(plan(), column, Number.POSITIVE_INFINITY);
    for (const name of names) expect(lines.join('\n')).toContain(name);
    expect(lines.join('\n')).toContain(EXPORT);
  });

  test('on a terminal cuts what is longest, and not the names of all others for its sake', () => {
    const lines = diskLines(plan(), column, 80);
    for (const name of names) expect(lines.join('\n')).toContain(name);
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(80);
  });
});
