import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import {
  manifestFile,
  type manifestShape,
  readManifest,
  sealed,
  unsealed,
  writeManifest,
} from '../../../src/catalog/manifest.ts';
import { sealedText } from '../../../src/catalog/seal.ts';
import { openState } from '../../../src/catalog/state-folder.ts';
import type { Manifest } from '../../../src/model.ts';
import { memoryFileSystem } from '../../fixtures/memory-file-system.ts';
import { idOf, manifestOf } from '../../fixtures/sets.ts';

const manifest = manifestOf({ note: 'before the upgrade, Größe 東京', key: 'job-17' });

test('a manifest is read back as it was written, sizes as bigint', async () => {
  const state = await openState('/s', memoryFileSystem());
  await writeManifest(state, manifest);
  const reading = await readManifest(state, manifest.id);
  expect(reading).toEqual({ kind: 'whole', manifest });
  expect(manifest.plan.disks[0]?.sizeBytes).toBe(40n * 1024n ** 3n);
});

test('on disk it is JSON that can be read without us: sizes are decimal strings, two spaces deep', () => {
  const text = sealed(manifest);
  expect(text).toContain('\n  "id": "mail-20261122T020003Z-0001",\n');
  expect(text).toContain('"sizeBytes": "42949672960"');
  expect(text.endsWith('}\n')).toBe(true);
});

test('one of a Stillpoint that counted no writes is read', () => {
  const newer = ['watches', 'sha256'];
  const content = JSON.parse(sealed(manifest), (key, value) => (newer.includes(key) ? undefined : value));
  const reading = unsealed(sealedText(content));
  const stages = reading.kind === 'whole' ? reading.manifest.plan.guests.flatMap((guest) => guest.stages) : [];
  expect(stages.length).toBeGreaterThan(0);
  expect(stages.flatMap(({ watches }) => watches)).toEqual([]);
});

test('white space and the order of members do not matter to the seal', () => {
  const content: Record<string, unknown> = JSON.parse(sealed(manifest));
  const shuffled = JSON.stringify(Object.fromEntries(Object.entries(content).reverse()));
  expect(unsealed(shuffled)).toEqual({ kind: 'whole', manifest });
});

/** So many characters apart: every kind of member is met, and a prime meets other columns in every line. */
const STRIDE = 7;

describe('a manifest that cannot be believed is named, with the reason', () => {
  test('cut anywhere', () => {
    const text = sealed(manifestOf());
    for (let length = 0; length < text.length - 1; length += STRIDE) {
      if (unsealed(text.slice(0, length)).kind !== 'broken') throw new Error(`believed ${length} of ${text.length}`);
    }
    expect(unsealed(text.slice(0, -1)).kind).toBe('whole');
  });

  test('one character changed, outside of white space', () => {
    const text = sealed(manifestOf());
    for (let at = 0; at < text.length; at += STRIDE) {
      const old = text.charAt(at);
      if (/\s/.test(old)) continue;
      const changed = `${text.slice(0, at)}${old === '7' ? '3' : '7'}${text.slice(at + 1)}`;
      if (unsealed(changed).kind !== 'broken') throw new Error(`believed ${changed.slice(at - 20, at + 20)}`);
    }
  });

  test('of another version', () => {
    const text = sealed(manifest).replace('"v": 1', '"v": 2');
    expect(unsealed(text)).toEqual({
      kind: 'broken',
      why: 'its version is 2, this Stillpoint reads version 1',
    });
  });

  test('made better by hand', () => {
    const text = sealed(manifestOf({ state: 'weak' })).replace('"state": "weak"', '"state": "good"');
    expect(unsealed(text)).toMatchObject({ kind: 'broken', why: expect.stringContaining('checksum') });
  });

  test('of another set, copied into this folder', async () => {
    const files = memoryFileSystem();
    const state = await openState('/s', files);
    const other = manifestOf({ seed: 2 });
    await writeManifest(state, manifest);
    await files.writeWhole(manifestFile(state, manifest.id), sealed(other));
    expect(await readManifest(state, manifest.id)).toMatchObject({
      kind: 'broken',
      why: expect.stringContaining(other.id),
    });
  });

  test.each(['', 'null', '[]', '7', '"text"', '{}', '{"v":1}', '{"v":1,"sha256":5}'])('%s', (text) => {
    expect(unsealed(text).kind).toBe('broken');
  });
});

test('what is not there is missing, not broken', async () => {
  const state = await openState('/s', memoryFileSystem());
  expect(await readManifest(state, idOf())).toEqual({ kind: 'missing' });
});

test('a crash at any point of writing leaves either no manifest or a whole one', async () => {
  for (let stopAt = 0; ; stopAt += 1) {
    const files = memoryFileSystem({ folders: ['/s', '/s/sets', '/s/runs', '/s/locks'], stopAt });
    const state = { root: '/s', files };
    const done = await writeManifest(state, manifest).then(
      () => true,
      () => false,
    );
    const reading = await readManifest({ root: '/s', files: files.afterPowerLoss() }, manifest.id);
    expect(reading.kind).toBe(done ? 'whole' : 'missing');
    if (done) break;
  }
});

// A member that the model gains must be read back too: this does not compile until catalog/shapes.ts has it.
type Plain<T> = T extends bigint | string | number | boolean | undefined
  ? T
  : { -readonly [K in keyof T]: Plain<T[K]> };
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : 'they differ';
const same: Same<Plain<z.output<typeof manifestShape>>, Plain<Manifest>> = true;
test('the shape on disk has the members of the model', () => expect(same).toBe(true));
