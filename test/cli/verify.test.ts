import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { realFileSystem } from '../../src/base/file-system.ts';
import { manifestFile, writeManifest } from '../../src/catalog/manifest.ts';
import { openState } from '../../src/catalog/state-folder.ts';
import type { ArraySnapshot, Manifest, PlannedArray } from '../../src/model.ts';
import { extHead } from '../fixtures/disk-bytes.ts';
import { manifestOf } from '../fixtures/sets.ts';
import { stillpoint } from './bin.ts';
import { folderTopology } from './folder-arrays.ts';

const STILL = extHead();

/** A set of two arrays that are folders; of `fast` what is in its snapshots can be seen. */
describe('verify, by the built program', () => {
  let folder: string;
  let manifest: Manifest;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'stillpoint-verify-'));
    for (const array of ['fast', 'bulk']) mkdirSync(join(folder, array));
    const image = '^(?<image>/.+)$';
    const fast = { expose: { run: ['realpath', '-e', `${folder}/fast/<volume>@<snapshot>`], image } };
    writeFileSync(join(folder, 'stillpoint.yaml'), folderTopology(folder, { fast }));
    manifest = taken(manifestOf());
    await writeManifest(await openState(join(folder, 'state'), realFileSystem), manifest);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** The set that the files under `folder` are: a volume's name is its id, a file's inode is a snapshot's. */
  function taken(sketch: Manifest): Manifest {
    const byName = (array: PlannedArray): PlannedArray => ({
      ...array,
      units: array.units.map((unit) => ({
        ...unit,
        volumes: unit.volumes.map((volume) => ({ ...volume, id: volume.name, sizeBytes: BigInt(STILL.length) })),
      })),
    });
    const arrays = sketch.plan.arrays.map(byName);
    const volumes = arrays.flatMap(({ units }) => units.flatMap((unit) => unit.volumes));
    const disks = sketch.plan.disks.map((disk) => ({
      ...disk,
      volumes: disk.volumes.flatMap(
        ({ array, name }) => volumes.find((one) => one.array === array && one.name === name) ?? [],
      ),
    }));
    const snapshots = volumes.map(({ array, id, name }): ArraySnapshot => {
      const file = fileOf(array, name, sketch.label);
      writeFileSync(file, STILL);
      return { array, label: sketch.label, id: String(statSync(file).ino), name: sketch.label, source: { id, name } };
    });
    return { ...sketch, plan: { ...sketch.plan, arrays, disks }, snapshots };
  }

  function fileOf(array: string, volume: string, label = manifest.label): string {
    return join(folder, array, `${volume}@${label}`);
  }

  async function verify(...args: readonly string[]) {
    const flags = ['--state', join(folder, 'state'), ...args];
    const { exit, stdout, stderr } = await stillpoint(['verify', manifest.id, ...flags], {
      cwd: folder,
      env: { PASSWORD: 'x' },
    });
    return { exit, stderr, stdout, text: stdout.replaceAll(/\s+/g, ' ') };
  }

  test('a set that is what it was ends with 0, counts, and changes nothing', async () => {
    const before = readdirSync(folder, { recursive: true });
    const { exit, stderr, text } = await verify('--quick');
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(text).toContain(
      'fast: mail_db ext4: needs no recovery (needs_recovery is not set), as mail01 scsi0:1 was held',
    );
    expect(text).toContain('array bulk its driver (command) shows nothing of what is in its snapshots');
    expect(text.trim().endsWith(`${manifest.id}: 8 as the manifest says, 1 not looked at`)).toBe(true);
    expect(readdirSync(folder, { recursive: true })).toEqual(before);
  });

  test('what is wrong is named first, with its remedy, and ends with 3; for machines as one document', async () => {
    rmSync(fileOf('fast', 'mail_db'));
    writeFileSync(fileOf('fast', 'db_data'), extHead({ needsRecovery: true }));
    const { exit, text } = await verify('--quick');
    expect(exit).toBe(3);
    expect(text).toMatch(
      /^ ✗ fast: mail_db snapshot \S+ is not on its array → .* stillpoint snapshot --state \S+ mail ✗ fast: db_data ext4: needs recovery/,
    );
    expect(text).toContain('5 as the manifest says, 2 not, 1 not looked at');
    const { stdout } = await verify('--quick', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ v: 1, type: 'verify', set: manifest.id, counts: { wrong: 2 } });
  });

  test('an array that cannot be asked ends with 4', async () => {
    rmSync(join(folder, 'bulk'), { recursive: true });
    const { exit, text } = await verify('--quick');
    expect(exit).toBe(4);
    expect(text).toMatch(/^ \? array bulk /);
  });

  test('a manifest that somebody changed ends with 3', async () => {
    const file = manifestFile(await openState(join(folder, 'state'), realFileSystem), manifest.id);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"filesystem"', '"application"'));
    expect(await verify()).toMatchObject({ exit: 3, stdout: expect.stringContaining('checksum does not match') });
  });

  test('who knows it by another word is told', async () => {
    expect((await stillpoint(['scrub'], { cwd: folder })).stderr).toContain('stillpoint verify SET');
  });
});
