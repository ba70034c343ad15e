import { describe, expect, test } from 'vitest';
import type { RebuiltEntry, RebuiltSet } from '../../../src/catalog/rebuilt.ts';
import type { SetEntry } from '../../../src/catalog/set-entry.ts';
import type { RunEntry } from '../../../src/catalog/store.ts';
import { type RebuildFacts, rebuildPlan, withoutLabel } from '../../../src/flows/rebuild/plan.ts';
import { ADOPTED, idOf, intentFor, labelOf, mailSnapshots, rebuiltOf } from '../../fixtures/sets.ts';

const NOW = new Date('2026-11-26T00:00:00.000Z');
const LABEL = labelOf(1);
const [ALL, FAST] = [mailSnapshots(LABEL), mailSnapshots(LABEL).filter(({ array }) => array === 'fast')];
const SORTED = [...ALL].sort((a, b) => (`${a.array} ${a.source.name}` < `${b.array} ${b.source.name}` ? -1 : 1));
const SET = rebuiltOf(1, { snapshots: SORTED });

function plan(change: Partial<RebuildFacts>) {
  return rebuildPlan({
    shown: { snapshots: ALL, silent: new Map() },
    arrays: ['fast', 'bulk'],
    known: new Set(),
    entries: [],
    mayBe: [],
    now: NOW,
    ...change,
  });
}

const entry = (set: RebuiltSet): RebuiltEntry => ({ id: set.id, state: 'rebuilt', set });
const nothing = { snapshots: [], silent: new Map() };

describe('rebuilding', () => {
  test('a label that nobody here knows becomes a set of all that carries it, and says nothing that no label tells', () => {
    const [written, ...rest] = plan({ mayBe: [idOf()] });
    expect(rest).toEqual([]);
    expect(written).toEqual({
      kind: 'write',
      was: 'nothing',
      set: {
        v: 1,
        origin: 'rebuilt',
        id: LABEL,
        seenAt: NOW.toISOString(),
        snapshots: SORTED,
        unasked: [],
        mayBe: [idOf()],
      },
    });
  });

  test('a label of a manifest or an intent is not rebuilt', () => {
    expect(plan({ known: new Set([LABEL]) })).toEqual([]);
  });

  test('what is the same as before is not written again', () => {
    expect(plan({ entries: [entry(SET)] })).toEqual([{ kind: 'stay', set: SET }]);
  });

  test('what has changed on the arrays is', () => {
    const shown = { snapshots: FAST, silent: new Map() };
    expect(plan({ entries: [entry(SET)], shown })).toMatchObject([
      { kind: 'write', was: 'other', set: { snapshots: FAST.length === 3 ? [{}, {}, {}] : [] } },
    ]);
  });

  test('what an array had, and cannot be asked for now, is believed to be there', () => {
    const shown = { snapshots: FAST, silent: new Map([['bulk', 'no route to host']]) };
    expect(plan({ entries: [entry(SET)], shown })).toMatchObject([
      { kind: 'write', set: { snapshots: SORTED, unasked: ['bulk'] } },
    ]);
    expect(plan({ entries: [entry(SET)], shown: nothing, arrays: [] })).toMatchObject([
      { kind: 'write', set: { snapshots: SORTED, unasked: ['bulk', 'fast'] } },
    ]);
  });

  test('one that no array shows any more, or that turned out to be known, is forgotten', () => {
    expect(plan({ entries: [entry(SET)], shown: nothing })).toMatchObject([{ kind: 'forget', id: LABEL }]);
    expect(plan({ entries: [entry(SET)], known: new Set([LABEL]) })).toMatchObject([{ kind: 'forget', id: LABEL }]);
  });

  test('what was adopted stays exactly what was adopted, whatever the arrays show', () => {
    for (const state of ['adopted', 'removing', 'removed'] as const) {
      const adopted = { id: LABEL, state, set: rebuiltOf(1, { adopted: ADOPTED, snapshots: FAST }) };
      expect(plan({ entries: [adopted] })).toEqual([]);
      expect(plan({ entries: [adopted], shown: nothing })).toEqual([]);
    }
  });

  test('a record that cannot be read is made again, adopted by nobody; one that no array shows is left', () => {
    const broken = { id: LABEL, state: 'unreadable', why: 'not JSON' } as const;
    const [again] = plan({ entries: [broken] });
    expect(again).toMatchObject({ kind: 'write', was: 'unreadable' });
    expect(again).not.toHaveProperty('set.adopted');
    expect(plan({ entries: [broken], shown: nothing })).toEqual([]);
  });
});

test('what may be rebuilt is named where its label stands nowhere that can be read', () => {
  const name = { id: idOf(), group: 'mail', startedAt: NOW };
  const unreadable: SetEntry = { ...name, state: 'unreadable', why: 'damaged' };
  const record = { run: idOf(), entries: [], faults: ['intent.json cannot be read'] };
  const lost: RunEntry = { ...name, state: 'unfinished', record };
  const told: RunEntry = { ...name, state: 'good', record: { ...record, intent: intentFor() } };
  const early: RunEntry = { ...name, state: 'failed', record: { ...record, faults: [] } };
  expect(withoutLabel([unreadable], [lost])).toEqual([idOf()]);
  expect(withoutLabel([unreadable], [])).toEqual([idOf()]);
  expect(withoutLabel([unreadable], [told])).toEqual([]);
  expect(withoutLabel([], [early])).toEqual([]);
});
