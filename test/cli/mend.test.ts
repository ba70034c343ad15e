import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { realFileSystem } from '../../src/base/file-system.ts';
import { intentOf } from '../../src/catalog/intent.ts';
import { beginJournal } from '../../src/catalog/journal.ts';
import { writeRebuilt } from '../../src/catalog/rebuilt.ts';
import { writeRunPlan } from '../../src/catalog/run-plan.ts';
import { openState } from '../../src/catalog/state-folder.ts';
import type { CutLabel, CutUnit, Plan } from '../../src/model.ts';
import { idOf, labelOf, mailPlan, mailWindow } from '../fixtures/sets.ts';
import { stillpoint } from './bin.ts';
import { folderTopology } from './folder-arrays.ts';

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
    writeFileSync(join(folder, 'stillpoint.yaml'), folderTopology(folder));
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

  test('it needs no password of vSphere, which it does not ask: at night nobody has the variables of cron', async () => {
    const { exit, stdout } = await stillpoint(['mend', '--state', join(folder, 'state')], { cwd: folder, env: {} });
    expect({ exit, stdout }).toMatchObject({ exit: 0, stdout: expect.stringContaining('Mended:') });
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

/** The state folder is gone, and with it everything that said whose these snapshots are. */
describe('the catalog of a lost state folder, by the built program', () => {
  const OTHER = labelOf(2);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stillpoint-lost-'));
    for (const { array, units } of mailPlan().arrays) {
      mkdirSync(join(folder, array));
      for (const { name } of volumesOf(units)) {
        for (const label of [LABEL, OTHER]) writeFileSync(join(folder, array, `${name}@${label}`), '');
      }
    }
    writeFileSync(join(folder, 'stillpoint.yaml'), folderTopology(folder));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function run(...args: readonly string[]) {
    return stillpoint([...args, '--state', join(folder, 'state')], { cwd: folder, env: { PASSWORD: 'x' } });
  }
  /** The flags of every call, which what is to be typed has too. */
  const at = (): string => `--state ${join(folder, 'state')}`;
  /** As `mend --rebuild` leaves it. */
  async function rebuilt(label: CutLabel): Promise<void> {
    const snapshots = mailPlan().arrays.flatMap(({ array, units }) =>
      volumesOf(units).map(({ name }) => ({
        ...{ array, label, name: label, source: { id: name, name } },
        id: String(statSync(join(folder, array, `${name}@${label}`)).ino),
      })),
    );
    const state = await openState(join(folder, 'state'), realFileSystem);
    const set = { id: label, seenAt: new Date().toISOString(), snapshots, unasked: [], mayBe: [] };
    await writeRebuilt(state, { v: 1, origin: 'rebuilt', ...set });
  }
  const there = (label: string): number =>
    ['fast', 'bulk'].flatMap((array) => readdirSync(join(folder, array))).filter((name) => name.endsWith(label)).length;

  test('is rebuilt from the labels on the arrays: a look first, then papers, and nothing on an array changes', async () => {
    const looked = await run('mend', '--rebuild', '--dry-run');
    expect(looked).toMatchObject({ exit: 0, stdout: expect.stringContaining('Would be rebuilt:') });
    expect((await run('list')).stdout).not.toContain(LABEL);
    const rebuilt = await run('mend', '--rebuild', '--json');
    expect(rebuilt).toMatchObject({ exit: 0 });
    expect(JSON.parse(rebuilt.stdout)).toMatchObject({
      type: 'rebuild',
      changes: [LABEL, OTHER].sort().map((id) => ({ kind: 'write', set: { origin: 'rebuilt', id } })),
    });
    expect([there(LABEL), there(OTHER)]).toEqual([4, 4]);
  });

  test('is listed apart, and shown with what is unknown said to be unknown', async () => {
    await rebuilt(LABEL);
    const list = (await run('list')).stdout;
    expect(list).toContain('There is no set yet');
    expect(list).toMatch(new RegExp(`${LABEL} +unknown +4 on bulk, fast +not adopted`));
    expect((await run('list', 'mail')).stdout).not.toContain(LABEL);
    expect(JSON.parse((await run('list', '--json')).stdout)).toMatchObject({ sets: [], rebuilt: [{ id: LABEL }] });
    expect((await run('status')).stdout).toContain('1 set rebuilt from the arrays');
    const shown = await run('show', LABEL);
    expect(shown).toMatchObject({ exit: 0, stdout: expect.stringContaining('unproven') });
    expect(shown.stdout).toContain('of which group it is, and whether it is whole');
  });

  test('is not removed before it is adopted, and not adopted by --yes, too young, or under a mistyped label', async () => {
    await rebuilt(LABEL);
    const refused = await run('remove', LABEL, '--yes');
    expect(refused).toMatchObject({ exit: 2, stderr: expect.stringContaining(`mend ${at()} --adopt ${LABEL}`) });
    const young = await run('mend', '--adopt', LABEL, '--confirm', LABEL);
    expect(young).toMatchObject({ exit: 2, stderr: expect.stringContaining('--young') });
    const untyped = await run('mend', '--adopt', LABEL, '--young', '--yes');
    expect(untyped).toMatchObject({ exit: 2, stderr: expect.stringContaining(`--confirm ${LABEL}`) });
    expect(await run('mend', '--adopt', LABEL, '--young', '--confirm', OTHER)).toMatchObject({ exit: 2 });
    expect(await run('mend', '--adopt', LABEL, '--young', '--dry-run')).toMatchObject({ exit: 0 });
    expect(JSON.parse((await run('show', LABEL, '--json')).stdout)).toMatchObject({
      type: 'rebuilt',
      state: 'rebuilt',
    });
    expect([there(LABEL), there(OTHER)]).toEqual([4, 4]);
  });

  test('is removed once it is adopted, and what nobody adopted stays', async () => {
    await rebuilt(LABEL);
    await rebuilt(OTHER);
    const adopted = await run('mend', '--adopt', LABEL, '--young', '--confirm', LABEL, '--because', 'the disk broke');
    expect(adopted).toMatchObject({
      exit: 0,
      stdout: `${LABEL}  adopted. To remove it: stillpoint remove ${at()} ${LABEL}\n`,
    });
    expect(adopted.stderr.replaceAll(/\s+/g, ' ')).toContain('look there first');
    expect((await run('show', LABEL)).stdout).toContain('the disk broke');
    expect([there(LABEL), there(OTHER)]).toEqual([4, 4]);

    expect(await run('remove', LABEL)).toMatchObject({ exit: 2, stderr: expect.stringContaining('--yes') });
    expect(await run('remove', LABEL, '--yes')).toMatchObject({ exit: 0, stdout: `${LABEL}  removed\n` });
    expect([there(LABEL), there(OTHER)]).toEqual([0, 4]);
    expect((await run('list')).stdout).not.toContain(LABEL);
    expect((await run('mend')).stdout).toContain('No run needs mending.');
    expect(there(OTHER)).toBe(4);
  });

  test('what was damaged here is named as what the label may be', async () => {
    mkdirSync(join(folder, 'state', 'sets', 'mail', RUN), { recursive: true });
    writeFileSync(join(folder, 'state', 'sets', 'mail', RUN, 'manifest.json'), 'torn');
    const { stdout } = await run('mend', '--rebuild');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`may be ${RUN}, whose papers here cannot be read`);
    const asked = await run('mend', '--adopt', LABEL, '--young', '--dry-run');
    expect(asked.stdout).toContain(`It may be ${RUN}`);
  });

  test('an array that cannot be asked: 3, with what is there of the others; nothing is adopted without it', async () => {
    rmSync(join(folder, 'bulk'), { recursive: true });
    const rebuilt = await run('mend', '--rebuild');
    expect(rebuilt).toMatchObject({ exit: 3, stdout: expect.stringContaining('array bulk could not be asked') });
    expect((await run('show', LABEL)).stdout).toContain('may have more of it');
    expect(await run('mend', '--adopt', LABEL, '--young', '--confirm', LABEL)).toMatchObject({ exit: 4 });
  });

  test('what does not go together is refused before anything is asked', async () => {
    for (const args of [
      ['--rebuild', '--adopt', LABEL],
      ['--rebuild', '--break-lock'],
      ['mail', '--rebuild'],
      ['--young'],
      ['--rebuild', '--confirm', LABEL],
    ]) {
      expect(await run('mend', ...args)).toMatchObject({ exit: 2, stdout: '' });
    }
    rmSync(join(folder, 'stillpoint.yaml'));
    expect(await run('mend', '--rebuild')).toMatchObject({ exit: 2, stderr: expect.stringContaining('no topology') });
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
