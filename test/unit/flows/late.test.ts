import { expect, test } from 'vitest';
import type { RunRecord } from '../../../src/catalog/journal.ts';
import { lastSentAt, lateOf } from '../../../src/flows/undo/late.ts';
import type { ArrayTraits } from '../../../src/ports.ts';
import { idOf, intentFor, labelOf, mailSnapshots, mailWindow, resultOf } from '../../fixtures/sets.ts';

const LATE_MS = 60_000;
const TRAITS: ArrayTraits = {
  make: 'simulated',
  parallel: 8,
  maxGroup: 8,
  lateMs: LATE_MS,
  answers: 'cut',
  tells: { id: true, time: true },
  forecastMs: 10,
};
const FAST = { id: 'fast', traits: TRAITS };
const INTENT = intentFor();
const THERE = mailSnapshots(labelOf(1)).filter(({ array }) => array === 'fast');
/** Hours after the run began. */
const NOW = new Date('2026-11-22T09:00:00.000Z');
const RUN: RunRecord = { run: idOf(), intent: INTENT, entries: [{ type: 'arming', array: 'fast' }], faults: [] };
const TORN: RunRecord = { ...RUN, faults: ['journal.jsonl: 1 of its lines cannot be read'] };

const after = (instant: string, ms: number) => ({ what: 'snapshot', until: new Date(Date.parse(instant) + ms) });

test('of a run that came to its window, what was fired is late from the end of the window on', () => {
  const openedAt = '2026-11-22T08:59:30.000Z';
  const opened: RunRecord = { ...RUN, entries: [...RUN.entries, { type: 'opening', at: openedAt }] };
  const late = lateOf(opened, INTENT, FAST, [], NOW);
  expect(late).toEqual(after(openedAt, INTENT.timing.windowMs + LATE_MS));
  expect(lateOf(opened, INTENT, FAST, [], late?.until ?? NOW)).toBeUndefined();
});

test('where the record of the window tells when it was sent, it is late from then on: as the run itself has said', () => {
  const { fires, ...window } = mailWindow();
  const [first, ...others] = fires.filter(({ array }) => array === 'fast');
  if (first === undefined) throw new Error('the fixture has it');
  const open = { ...window, fires: [{ ...first, outcome: 'unknown' as const }, ...others] };
  const record: RunRecord = { ...RUN, window: open, entries: [...RUN.entries, { type: 'opening' }] };
  const sentMs = Math.max(...[first, ...others].map(({ sentAtMs }) => sentAtMs)) - open.openedAtMs;
  const now = new Date(open.startedAt);
  expect(lateOf(record, INTENT, FAST, [], now)).toEqual(after(open.startedAt, sentMs + LATE_MS));
  expect(lastSentAt(open, 'fast')).toEqual(after(open.startedAt, sentMs).until);
});

test('where what can be read does not tell when it came to that, it is from the end of the run on', () => {
  expect(lateOf(TORN, INTENT, FAST, [], NOW)).toEqual(after(NOW.toISOString(), LATE_MS));
  const finishedAt = '2026-11-22T08:59:50.000Z';
  const said = { ...TORN, result: { ...resultOf(), state: 'failed' as const, finishedAt } };
  expect(lateOf(said, INTENT, FAST, [], NOW)).toEqual(after(finishedAt, LATE_MS));
});

test('nothing is waited for once all of it is there, nor of a run that never came to it', () => {
  expect(lateOf(TORN, INTENT, FAST, THERE, NOW)).toBeUndefined();
  expect(lateOf(RUN, INTENT, FAST, [], NOW)).toBeUndefined();
});

test('of an array that prepares, what it was asked to prepare is late from the end of the run on', () => {
  const prepares = { id: 'fast', traits: { ...TRAITS, prepares: true as const } };
  expect(lateOf(RUN, INTENT, prepares, [], NOW)).toEqual({
    what: 'prepared',
    until: new Date(NOW.getTime() + LATE_MS),
  });
  expect(lateOf({ ...RUN, entries: [] }, INTENT, prepares, [], NOW)).toBeUndefined();
});
