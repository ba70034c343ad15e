import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { realFileSystem } from '../../src/base/file-system.ts';
import { intentOf } from '../../src/catalog/intent.ts';
import { beginJournal } from '../../src/catalog/journal.ts';
import { writeRunPlan } from '../../src/catalog/run-plan.ts';
import { openState } from '../../src/catalog/state-folder.ts';
import type { CutUnit, Plan } from '../../src/model.ts';
import { idOf, labelOf, mailPlan, mailWindow } from '../fixtures/sets.ts';
import { stillpoint } from './bin.ts';

const LABEL = labelOf(1);
const RUN = idOf();

/** A run of two arrays that died after its window, with all its snapshots taken. */
describe('mend, by the built program', () => {
  let folder: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'stillpoint-mend-'));
    const plan = mailPlan();
    for (const { array, units } of plan.arrays) {
      mkdirSync(join(folder, array));
      for (const { name } of volumesOf(units)) writeFileSync(join(folder, array, `${name}@${LABEL}`), '');
    }
    writeFileSync(join(folder, 'stillpoint.yaml'), topology(folder));
    await died(join(folder, 'state'), plan);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function run(...args: readonly string[]) {
    return stillpoint(['mend', '--state', join(folder, 'state'), ...args], { cwd: folder, env: { PASSWORD: 'x' } });
  }

  test('a look says what would be done; mend does it; a second one has nothing to do', async () => {
    const looked = await run('--dry-run');
    expect(looked).toMatchObject({ exit: 0, stderr: '' });
    expect(looked.stdout).toContain('Would be mended:');
    expect(looked.stdout.replaceAll(/\s+/g, ' ')).toContain(`${RUN}: all 4 snapshots are there: kept as a weak set`);

    expect(await run()).toMatchObject({ exit: 0, stdout: expect.stringContaining('Mended:') });
    expect((await stillpoint(['list', '--state', join(folder, 'state')], { cwd: folder })).stdout).toContain(
      'unproven, weak',
    );
    expect((await run()).stdout).toBe('No run needs mending.\nNo lock needs mending.\n');
    expect(readdirSync(join(folder, 'fast'))).toHaveLength(3);
  });

  test('what is not whole goes, and what nobody here has taken is named and stays', async () => {
    rmSync(join(folder, 'bulk', `vmfs_boot@${LABEL}`));
    writeFileSync(join(folder, 'bulk', `vmfs_boot@${labelOf(2)}`), '');
    const { exit, stdout } = await run('mail', '--json');
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'mend',
      mended: [{ id: RUN, kind: 'take-back' }],
      foreign: [{ array: 'bulk', label: labelOf(2) }],
      left: [],
    });
    expect(readdirSync(join(folder, 'fast'))).toEqual([]);
    expect(readdirSync(join(folder, 'bulk'))).toEqual([`vmfs_boot@${labelOf(2)}`]);
  });

  test('an array that cannot be asked: exit 4, and nothing was touched', async () => {
    rmSync(join(folder, 'bulk'), { recursive: true });
    const { exit, stdout } = await run();
    expect(exit).toBe(4);
    expect(stdout).toContain('array bulk could not be asked');
    expect(readdirSync(join(folder, 'fast'))).toHaveLength(3);
  });

  test('without a topology only locks are mended, and the open run is named with 4', async () => {
    rmSync(join(folder, 'stillpoint.yaml'));
    const { exit, stdout } = await run();
    expect(exit).toBe(4);
    expect(stdout).toContain(`Not looked at, because there is no topology: ${RUN}`);
  });
});

async function died(root: string, plan: Plan): Promise<void> {
  const state = await openState(root, realFileSystem);
  const named = { ...plan, arrays: plan.arrays.map((one) => ({ ...one, units: byName(one.units) })) };
  await writeRunPlan(state, RUN, named);
  const about = { run: RUN, label: LABEL, startedAt: '2026-11-22T02:00:03.000Z', stillpoint: '0.1.0' };
  const journal = await beginJournal(state, intentOf(named, about));
  for (const { array } of plan.arrays) await journal.note({ type: 'arming', array });
  await journal.note({ type: 'opening', at: '2026-11-22T02:00:04.000Z' });
  await journal.window(mailWindow());
}

/** As the driver of these arrays has it: a volume's name is its id. */
function byName(units: readonly CutUnit[]): readonly CutUnit[] {
  return units.map((unit) => ({ ...unit, volumes: unit.volumes.map((volume) => ({ ...volume, id: volume.name })) }));
}

function volumesOf(units: readonly CutUnit[]) {
  return units.flatMap(({ volumes }) => volumes);
}

/** An array is a folder, a snapshot a file in it. */
function topology(folder: string): string {
  const array = (name: string) => ({
    driver: 'command',
    local: true,
    answers: 'cut',
    snapshot: { run: ['touch', `${folder}/${name}/<volume>@<snapshot>`] },
    find: { run: ['ls', '-i', `${folder}/${name}`], row: '^ *(?<id>\\d+) (?<volume>[^@]+)@(?<snapshot>\\S+)$' },
    remove: { run: ['rm', `${folder}/${name}/<volume>@<snapshot>`], gone: 'No such file' },
  });
  return stringify({
    version: 1,
    vsphere: { url: 'https://vc.example/sdk', username: 'ops', password: { env: 'PASSWORD' } },
    arrays: { fast: array('fast'), bulk: array('bulk') },
    vms: { mail01: { ssh: { host: 'mail01.invalid' } } },
    groups: { mail: { vms: ['mail01'] } },
  });
}
