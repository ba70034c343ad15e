import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type RetentionRules, retire } from '../../../src/catalog/retention.ts';
import type { SetEntry, WholeSet } from '../../../src/catalog/set-entry.ts';
import { entryOfSet, idOf, manifestOf, REMOVAL } from '../../fixtures/sets.ts';

type Kind = WholeSet['state'] | 'unreadable' | 'pinned' | 'pinned weak' | 'pinned removing';
const KINDS: readonly Kind[] = [
  'good',
  'weak',
  'removing',
  'removed',
  'unreadable',
  'pinned',
  'pinned weak',
  'pinned removing',
];
const template = manifestOf();

/** Newest first, as given. */
function sets(...kinds: readonly Kind[]): readonly SetEntry[] {
  return kinds.map((kind, index) => {
    const name = { id: idOf({ seed: index }), group: 'mail', startedAt: new Date(0) };
    if (kind === 'unreadable') return { ...name, state: kind, why: 'damaged' };
    const [is, pin] = [kind.replace('pinned ', '').replace('pinned', 'good'), kind.startsWith('pinned')];
    const removal = { ...REMOVAL, ...(is === 'removed' && { finishedAt: REMOVAL.since }) };
    const manifest = { ...template, state: is === 'weak' ? ('weak' as const) : ('good' as const) };
    const begun = is === 'removing' || is === 'removed';
    return { ...entryOfSet(manifest, begun ? removal : undefined, pin ? 'audit' : undefined), ...name };
  });
}

function goes(kinds: readonly Kind[], rules: RetentionRules): readonly number[] {
  const gone = new Set(retire(sets(...kinds), rules).map((set) => set.id));
  return kinds.flatMap((_, index) => (gone.has(idOf({ seed: index })) ? [index] : []));
}

describe('keep.last', () => {
  test.each<[string, readonly Kind[], RetentionRules, readonly number[]]>([
    ['keeps the newest good sets', ['good', 'good', 'good'], { keepLast: 2, weak: 'keep' }, [2]],
    ['does not count weak sets', ['weak', 'good', 'weak', 'good', 'good'], { keepLast: 2, weak: 'keep' }, [4]],
    ['leaves weak sets where the rules do not name them', ['weak', 'weak', 'good'], { keepLast: 1, weak: 'keep' }, []],
    ['takes weak sets where they do', ['weak', 'good', 'weak'], { keepLast: 1, weak: 'remove' }, [0, 2]],
    ['keeps the last good set even with 0', ['weak', 'good', 'good'], { keepLast: 0, weak: 'keep' }, [2]],
    ['keeps a pinned set, wherever it is', ['good', 'good', 'pinned', 'good'], { keepLast: 1, weak: 'keep' }, [1, 3]],
    ['lets a pinned set take a place', ['pinned', 'good', 'good'], { keepLast: 2, weak: 'keep' }, [2]],
    ['keeps a pinned weak set', ['good', 'pinned weak'], { keepLast: 1, weak: 'remove' }, []],
    ['stops a removal for a pin', ['good', 'pinned removing'], { keepLast: 5, weak: 'keep' }, []],
    ['goes on with a removal that was begun', ['good', 'removing'], { keepLast: 5, weak: 'keep' }, [1]],
    [
      'does not count what is going or cannot be read',
      ['removing', 'unreadable', 'good'],
      { keepLast: 1, weak: 'keep' },
      [0],
    ],
    ['without a number lets no good set go', ['good', 'good'], { weak: 'keep' }, []],
  ])('%s', (_what, kinds, rules, expected) => {
    expect(goes(kinds, rules)).toEqual(expected);
  });

  test('never takes the newest good set, a pinned one, or one that cannot be read', () => {
    const rules = fc.record({ keepLast: fc.integer({ min: -1, max: 5 }), weak: fc.constantFrom('keep', 'remove') });
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...KINDS), { maxLength: 12 }), rules, (kinds, given) => {
        const gone = goes(kinds, given);
        const newestGood = kinds.findIndex((kind) => kind === 'good' || kind === 'pinned');
        expect(gone).not.toContain(newestGood);
        for (const index of gone) expect(['good', 'weak', 'removing']).toContain(kinds[index]);
        const left = kinds.filter((kind, index) => !gone.includes(index) && (kind === 'good' || kind === 'pinned'));
        const good = kinds.filter((kind) => kind === 'good' || kind === 'pinned').length;
        expect(left.length).toBeGreaterThanOrEqual(Math.min(good, Math.max(1, given.keepLast)));
      }),
    );
  });
});
