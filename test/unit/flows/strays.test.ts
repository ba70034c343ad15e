import { expect, test } from 'vitest';
import type { RunRecord } from '../../../src/catalog/journal.ts';
import type { RunEntry } from '../../../src/catalog/store.ts';
import { straysIn } from '../../../src/flows/mend/look.ts';
import { entryOfSet, idOf, intentFor, labelOf, mailSnapshots, manifestOf, resultOf } from '../../fixtures/sets.ts';

const RUN = idOf();
const shown = { snapshots: mailSnapshots(labelOf(1)), silent: new Map() };
const at = { group: 'mail', startedAt: new Date('2026-11-22T02:00:03.000Z') };
const record: RunRecord = { run: RUN, intent: intentFor(), entries: [], faults: [], result: resultOf() };
const run: RunEntry = { id: RUN, ...at, state: 'failed', record };

test('what is found under the label of a run that made no set is that run’s, unless it still goes on', () => {
  expect(straysIn(shown, [], [run], new Set())).toEqual({ ofRuns: new Map([[RUN, ['fast', 'bulk']]]), besides: [] });
  expect(straysIn(shown, [], [run], new Set([RUN])).ofRuns).toEqual(new Map());
});

test('what no run of ours has labelled is nobody’s, and neither is what belongs to a set that cannot be read', () => {
  const foreign = { ...shown, snapshots: mailSnapshots(labelOf(2)) };
  expect(straysIn(foreign, [], [run], new Set())).toEqual({ ofRuns: new Map(), besides: [] });
  const unreadable = { id: RUN, ...at, state: 'unreadable', why: 'damaged' } as const;
  expect(straysIn(shown, [unreadable], [run], new Set()).ofRuns).toEqual(new Map());
});

test('what carries the label of a set and is no part of it is named, and not taken', () => {
  const set = entryOfSet(manifestOf());
  const [first] = shown.snapshots;
  if (first === undefined) throw new Error('no snapshot');
  const another = { ...shown, snapshots: [...shown.snapshots, { ...first, id: 'another hand' }] };
  const { ofRuns, besides } = straysIn(another, [set], [run], new Set());
  expect(ofRuns).toEqual(new Map());
  expect(besides).toEqual([expect.stringContaining('is no part of it')]);
});
