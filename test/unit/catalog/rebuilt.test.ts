import { describe, expect, test } from 'vitest';
import { parseSetId } from '../../../src/catalog/names.ts';
import {
  forgetRebuilt,
  listRebuilt,
  meansRebuilt,
  type RebuiltSet,
  writeRebuilt,
} from '../../../src/catalog/rebuilt.ts';
import { beginRemoval } from '../../../src/catalog/removal.ts';
import { openState, rebuiltFolder } from '../../../src/catalog/state-folder.ts';
import { memoryFileSystem } from '../../fixtures/memory-file-system.ts';
import { ADOPTED, idOf, labelOf, rebuiltOf } from '../../fixtures/sets.ts';

const LABEL = labelOf(1);
const FILE = `/s/rebuilt/${LABEL}/set.json`;
const NOW = new Date('2026-11-26T00:00:00.000Z');

async function folder(...sets: readonly RebuiltSet[]) {
  const files = memoryFileSystem();
  const state = await openState('/s', files);
  for (const set of sets) await writeRebuilt(state, set);
  return { files, state };
}

test('is read back as it was written, and is named by its label, which is no set id', async () => {
  const set = rebuiltOf(1, { unasked: ['cold'], mayBe: [idOf()] });
  const { state } = await folder(set, rebuiltOf(2, { adopted: ADOPTED }));
  expect(await listRebuilt(state)).toEqual([
    { id: LABEL, state: 'rebuilt', set },
    { id: labelOf(2), state: 'adopted', set: rebuiltOf(2, { adopted: ADOPTED }) },
  ]);
  expect(parseSetId(LABEL)).toBeUndefined();
  await forgetRebuilt(state, LABEL);
  expect((await listRebuilt(state)).map(({ id }) => id)).toEqual([labelOf(2)]);
});

test('cut at any byte, or with any character changed, it is named and not believed', async () => {
  const { files, state } = await folder(rebuiltOf(1, { adopted: ADOPTED }));
  const text = (await files.read(FILE)) ?? '';
  const reads = async (changed: string) => {
    await files.writeWhole(FILE, changed);
    return (await listRebuilt(state))[0]?.state;
  };
  for (let at = 0; at < text.length - 1; at += 1) {
    if ((await reads(text.slice(0, at))) !== 'unreadable') throw new Error(`believed ${at} bytes of ${text.length}`);
    const old = text.charAt(at);
    const changed = `${text.slice(0, at)}${old === '7' ? '3' : '7'}${text.slice(at + 1)}`;
    if (!/\s/.test(old) && (await reads(changed)) !== 'unreadable') throw new Error(`believed a change at ${at}`);
  }
  expect(await reads(text)).toBe('adopted');
});

test('that of another label is not believed', async () => {
  const { files, state } = await folder(rebuiltOf(2), rebuiltOf(1));
  await files.writeWhole(FILE, (await files.read(`/s/rebuilt/${labelOf(2)}/set.json`)) ?? '');
  expect((await listRebuilt(state))[0]).toMatchObject({
    state: 'unreadable',
    why: expect.stringContaining(labelOf(2)),
  });
});

describe('its removal', () => {
  const adopted = rebuiltOf(1, { adopted: ADOPTED });

  test('is marked from its beginning to its end', async () => {
    const { state } = await folder(adopted);
    const removing = await beginRemoval(state, adopted, { because: 'asked', now: NOW });
    expect(await listRebuilt(state)).toMatchObject([{ state: 'removing', removal: { because: 'asked' } }]);
    for (const snapshot of removing.left) await removing.gone(snapshot);
    await removing.finish(NOW);
    expect(await listRebuilt(state)).toMatchObject([{ state: 'removed' }]);
  });

  test('an earlier mark beside one that nobody has adopted removes nothing', async () => {
    const { state } = await folder(rebuiltOf(1));
    await beginRemoval(state, adopted, { because: 'asked', now: NOW });
    expect(await listRebuilt(state)).toMatchObject([{ state: 'rebuilt' }]);
  });
});

test('what is no label in its folder is passed over', async () => {
  const { files, state } = await folder();
  await files.makeFolder(`${rebuiltFolder(state)}/notes`);
  expect(await listRebuilt(state)).toEqual([]);
});

test('a name means one by its whole label, or by a beginning that no other name has', async () => {
  const entries = [{ id: LABEL, state: 'unreadable', why: '' }] as const;
  expect(meansRebuilt(LABEL, entries, [{ id: `${LABEL}-20261122T020003Z-0001` }])).toBe(true);
  expect(meansRebuilt(LABEL.slice(0, 4), entries, [])).toBe(true);
  expect(meansRebuilt(LABEL.slice(0, 4), entries, [{ id: `${LABEL}-20261122T020003Z-0001` }])).toBe(false);
  expect(meansRebuilt('', entries, [])).toBe(false);
  expect(meansRebuilt('mail', entries, [])).toBe(false);
});
