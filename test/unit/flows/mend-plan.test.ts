import { describe, expect, test } from 'vitest';
import type { JournalEntry, Judged, RunRecord } from '../../../src/catalog/journal.ts';
import type { RunEntry } from '../../../src/catalog/store.ts';
import { openCases } from '../../../src/flows/mend/cases.ts';
import { type ArraySeen, mendPlan, type RunSeen } from '../../../src/flows/mend/plan.ts';
import type { ArraySnapshot, WindowRecord } from '../../../src/model.ts';
import {
  entryOfSet,
  idOf,
  intentFor,
  labelOf,
  mailPlan,
  mailSnapshots,
  mailVerdict,
  mailWindow,
  manifestOf,
  resultOf,
} from '../../fixtures/sets.ts';

const NOW = new Date('2026-11-22T03:00:00.000Z');
const ALL = mailSnapshots(labelOf(1));
const RUN: RunRecord = {
  run: idOf(),
  intent: intentFor(),
  entries: [
    { type: 'arming', array: 'fast' },
    { type: 'arming', array: 'bulk' },
    { type: 'opening', at: '2026-11-22T02:00:04.000Z' },
  ],
  faults: [],
};

function entryOf(record: RunRecord): RunEntry {
  const state = record.result?.state ?? 'unfinished';
  return { id: record.run, group: 'mail', startedAt: new Date('2026-11-22T02:00:03.000Z'), state, record };
}

function seenOn(array: string, snapshots: readonly ArraySnapshot[] = ALL): ArraySeen {
  return { array, there: snapshots.filter((snapshot) => snapshot.array === array) };
}

function run(change: Partial<RunRecord> = {}, rest: Partial<RunSeen> = {}): RunSeen {
  return {
    run: entryOf({ ...RUN, ...change }),
    arrays: ['fast', 'bulk'],
    guests: [],
    points: [],
    plan: mailPlan(),
    seen: [seenOn('fast'), seenOn('bulk')],
    removeWeak: false,
    ...rest,
  };
}

/** What a run notes when it has looked at everything, and before it seals. */
const judged = (change: Partial<Judged> = {}): Partial<RunRecord> => ({
  window: mailWindow(),
  ...note(...ALL.map((snapshot) => ({ type: 'taken', snapshot }) as const), {
    type: 'judged',
    placement: 'same',
    level: 'filesystem',
    keep: true,
    ...change,
  }),
});
const note = (...entries: readonly JournalEntry[]): Partial<RunRecord> => ({ entries: [...RUN.entries, ...entries] });
const stopped = (code: string): WindowRecord => ({ ...mailWindow(), stopped: { code, message: `stopped: ${code}` } });

describe('the plan of a mending', () => {
  test('a whole set with a perfect record is weak all the same: nobody compared the placement after it', () => {
    const plan = mendPlan(run({ window: mailWindow() }), NOW);
    if (plan.kind !== 'keep') throw new Error(plan.kind);
    expect(plan.manifest).toMatchObject({ state: 'weak', windowMs: 118, verdict: { level: 'unproven' } });
    expect(plan.manifest.snapshots).toEqual(ALL);
    expect(plan.manifest.verdict.because.join()).toContain('could not be read again');
    expect(plan.disarm).toEqual(['fast', 'bulk']);
  });

  test('a set that the run had judged itself is sealed as the run would have sealed it', () => {
    const plan = mendPlan(run(judged()), NOW);
    if (plan.kind !== 'keep') throw new Error(plan.kind);
    expect(plan.manifest).toMatchObject({ state: 'good', verdict: mailVerdict(), snapshots: ALL });
  });

  const { window: _window, ...withoutRecord } = judged();
  const unseen = judged().entries?.filter((entry) => entry.type !== 'taken' || entry.snapshot.array !== 'bulk') ?? [];
  const looser = {
    ...mailWindow(),
    holds: mailWindow().holds.map((hold) => (hold.vm === 'db01' ? { ...hold, release: 'unknown' as const } : hold)),
  };
  test.each<[string, Partial<RunRecord>]>([
    ['and had not read the placement again', judged({ placement: 'unread', level: 'unproven' })],
    ['and noted a level that it cannot have proved', judged({ placement: 'unread' })],
    ['and noted another level than its papers prove', judged({ level: 'application' })],
    ['of which a release’s word is missing', { ...judged({ level: 'crash' }), window: looser }],
    ['and whose window is not on disk', withoutRecord],
    ['and whose journal lost a line', { ...judged(), faults: ['journal.jsonl: 1 of its lines cannot be read'] }],
    ['and had not seen one of the snapshots', { ...judged(), entries: unseen }],
  ])('a run that was to keep its set %s leaves a weak one', (_, change) => {
    const plan = mendPlan(run(change), NOW);
    if (plan.kind !== 'keep') throw new Error(plan.kind);
    expect(plan.manifest).toMatchObject({ state: 'weak', verdict: { level: 'unproven', oneInstant: false } });
  });

  test('nor does one of a single volume, which needs no hold, where nothing tells when it was taken', () => {
    const whole = mailPlan();
    const arrays = whole.arrays.filter(({ array }) => array === 'bulk');
    const disks = whole.disks.filter(({ units }) =>
      units.every((unit) => arrays[0]?.units.some(({ id }) => id === unit)),
    );
    const plan = { ...whole, require: 'crash' as const, arrays, disks };
    const snapshots = ALL.filter(({ array }) => array === 'bulk');
    const noted = note(...snapshots.map((snapshot) => ({ type: 'taken', snapshot }) as const), {
      type: 'judged',
      placement: 'same',
      level: 'crash',
      keep: true,
    });
    const intent = {
      ...intentFor(),
      require: 'crash' as const,
      arrays: intentFor().arrays.filter(({ array }) => array === 'bulk'),
    };
    const seen = { arrays: ['bulk'], seen: [seenOn('bulk')], plan };
    const recorded = mendPlan(run({ ...noted, intent, window: mailWindow() }, seen), NOW);
    expect(recorded).toMatchObject({ kind: 'keep', manifest: { state: 'good', verdict: { level: 'crash' } } });
    const without = mendPlan(run({ ...noted, intent }, seen), NOW);
    expect(without).toMatchObject({ kind: 'keep', manifest: { state: 'weak', verdict: { level: 'unproven' } } });
  });

  test('a weak set that the run had decided to keep stays, whatever the topology says of weak ones now', () => {
    const kept = judged({ placement: 'unread', level: 'unproven' });
    expect(mendPlan(run(kept, { removeWeak: true }), NOW).kind).toBe('keep');
  });

  test('a whole set without a record is kept as weak, and invents no hold', () => {
    const plan = mendPlan(run(), NOW);
    if (plan.kind !== 'keep') throw new Error(plan.kind);
    expect(plan.manifest.window).toMatchObject({ startedAt: '2026-11-22T02:00:04.000Z', holds: [], fires: [] });
    expect(plan.manifest.verdict.disks.every(({ stilledBy }) => stilledBy === undefined)).toBe(true);
  });

  test.each<[string, RunSeen, string]>([
    ['that failed', run({ result: resultOf() }), 'the run failed'],
    ['that was interrupted', run({ window: stopped('interrupted') }), 'stopped: interrupted'],
    ['that met a bug', run({ window: stopped('bug') }), 'stopped: bug'],
    ['whose removal was begun', run(note({ type: 'removed', array: 'fast', id: 'gone' })), 'its removal was begun'],
    ['that had judged that it goes', run(judged({ placement: 'changed', keep: false })), 'was to take it back'],
    [
      'of which one is of no use',
      run(
        {},
        {
          seen: [
            seenOn('fast'),
            seenOn(
              'bulk',
              ALL.map((one) => ({ ...one, invalid: 'ran out of reserve' })),
            ),
          ],
        },
      ),
      'array bulk has no snapshot',
    ],
    ['of which one is missing', run({}, { seen: [seenOn('fast'), seenOn('bulk', [])] }), 'array bulk has no snapshot'],
    ['where weak sets are not wanted', run({}, { removeWeak: true }), 'removes weak sets'],
  ])('the snapshots of a run %s go', (_, one, because) => {
    const plan = mendPlan(one, NOW);
    if (plan.kind !== 'take-back') throw new Error(plan.kind);
    expect(plan.because).toContain(because);
    expect(plan.arrays.flatMap(({ remove }) => remove)).toHaveLength(
      one.seen.flatMap((a) => ('there' in a ? a.there : [])).length,
    );
  });

  test('a line that was lost in the window ends no set by itself', () => {
    expect(mendPlan(run({ window: stopped('quiesce.line-lost') }), NOW).kind).toBe('keep');
  });

  test('a run whose manifest could not be written has failed, and is whole', () => {
    const result = resultOf({}, { unsealed: true });
    expect(mendPlan(run({ result, window: mailWindow() }), NOW).kind).toBe('keep');
  });

  test('a run that says that it made a set, which is not there, is left: nobody has said that its snapshots may go', () => {
    for (const state of ['good', 'weak'] as const) {
      expect(mendPlan(run({ result: resultOf({}, { state }), window: mailWindow() }), NOW).kind).toBe('leave');
    }
  });

  test('an array that was not asked stops what depends on it, and nothing else', () => {
    const silent: ArraySeen = { array: 'bulk', unasked: 'no route to host' };
    expect(mendPlan(run({}, { seen: [seenOn('fast'), silent] }), NOW).kind).toBe('leave');
    expect(mendPlan(run({}, { seen: [seenOn('fast', []), silent] }), NOW)).toMatchObject({
      kind: 'take-back',
      unasked: [silent],
    });
  });

  test('a plan that cannot be read seals nothing and removes nothing', () => {
    const { plan: _, ...without } = run();
    expect(mendPlan(without, NOW).kind).toBe('leave');
  });

  test.each<[string, (snapshot: ArraySnapshot) => ArraySnapshot]>([
    ['of a volume that the run did not cut', (one) => ({ ...one, source: { id: 'vol-99', name: 'elsewhere' } })],
    ['with another id than the run has seen', (one) => ({ ...one, id: 'another hand' })],
    ['under another label', (one) => ({ ...one, label: labelOf(2) })],
  ])('a snapshot %s is not ours, completes no set, and is not removed', (_, change) => {
    const [bulk] = ALL.filter(({ array }) => array === 'bulk');
    if (bulk === undefined) throw new Error('no snapshot');
    const foreign = change(bulk);
    const plan = mendPlan(
      run(note({ type: 'taken', snapshot: bulk }), { seen: [seenOn('fast'), seenOn('bulk', [foreign])] }),
      NOW,
    );
    if (plan.kind !== 'take-back') throw new Error(plan.kind);
    expect(plan.arrays[1]).toMatchObject({ remove: [], notOurs: [foreign] });
  });

  test('what the unit of a user captures besides is of the run', () => {
    const besides: ArraySnapshot = { ...ALL[0], source: { id: 'serial-9', name: 'scratch_lun' } } as ArraySnapshot;
    const plan = mendPlan(run({ result: resultOf() }, { seen: [seenOn('fast', [besides])] }), NOW);
    expect(plan).toMatchObject({ arrays: [{ remove: [besides], notOurs: [] }] });
  });

  test('of a run with its set sealed only what was prepared is left', () => {
    const set = entryOfSet(manifestOf());
    expect(mendPlan(run({}, { set }), NOW)).toMatchObject({ kind: 'close', disarm: ['fast', 'bulk'] });
  });
});

describe('what stands open', () => {
  const none: ReadonlySet<never> = new Set();
  const vms = ['mail01', 'db01', 'app01'];

  test('every guest of a run that died inside its window is asked; after it only those without a word', () => {
    expect(openCases([], [entryOf(RUN)], none, undefined).runs[0]?.guests).toEqual(vms);
    expect(openCases([], [entryOf({ ...RUN, window: mailWindow() })], none, undefined).runs[0]?.guests).toEqual([]);
    const [first, ...others] = mailWindow().holds;
    if (first === undefined) throw new Error('no hold');
    const window = { ...mailWindow(), holds: [{ ...first, release: 'unknown' as const }, ...others] };
    expect(openCases([], [entryOf({ ...RUN, window })], none, undefined).runs[0]?.guests).toEqual(['mail01']);
  });

  test('nobody was held before the window; a torn journal may hide that it was opened', () => {
    const entries = RUN.entries.slice(0, 2);
    expect(openCases([], [entryOf({ ...RUN, entries })], none, undefined).runs[0]?.guests).toEqual([]);
    const torn = { ...RUN, entries, faults: ['journal.jsonl: 1 of its lines cannot be read'] };
    expect(openCases([], [entryOf(torn)], none, undefined).runs[0]?.guests).toEqual(vms);
  });

  test('a run that ended with 6 is asked about until its guests have said that they write', () => {
    const closed: readonly JournalEntry[] = ['fast', 'bulk'].map((array) => ({ type: 'clean', array }));
    const ended = { ...RUN, ...note(...closed), result: resultOf({}, { mayBeHeld: ['db01'] }) };
    expect(openCases([], [entryOf(ended)], none, undefined).runs).toMatchObject([{ guests: ['db01'], arrays: [] }]);
    const written = { ...ended, ...note(...closed, { type: 'writes', vm: 'db01' }) };
    expect(openCases([], [entryOf(written)], none, undefined).runs).toEqual([]);
  });

  test('a guest that a later run has held and let go at every stage is free again; at one of two it is not', () => {
    const ended = { ...RUN, result: resultOf({}, { mayBeHeld: ['db01'] }) };
    const { holds, ...rest } = mailWindow();
    const later = (release: 'kept' | 'unknown'): RunEntry => {
      const stage = holds.filter(({ vm }) => vm === 'db01').map((hold) => ({ ...hold, stage: 1, release }));
      const record = {
        ...RUN,
        run: idOf({ seed: 2 }),
        window: { ...rest, holds: [...holds, ...stage] },
        result: resultOf(),
      };
      return { ...entryOf(record), id: idOf({ seed: 2 }), startedAt: NOW };
    };
    const guestsOf = (release: 'kept' | 'unknown') =>
      openCases([], [entryOf(ended), later(release)], none, undefined).runs.find(({ run }) => run.id === RUN.run)
        ?.guests;
    expect(guestsOf('kept') ?? []).toEqual([]);
    expect(guestsOf('unknown')).toEqual(['db01']);
  });

  test('a run that is going on, or of another group, is none of it', () => {
    expect(openCases([], [entryOf(RUN)], new Set([RUN.run]), undefined).runs).toEqual([]);
    expect(openCases([], [entryOf(RUN)], none, 'hr').runs).toEqual([]);
  });

  test('an intent that cannot be read is named, and nothing is done about it', () => {
    const { intent: _, ...lost } = RUN;
    const cases = openCases([], [entryOf({ ...lost, faults: ['intent.json cannot be read'] })], none, undefined);
    expect(cases).toMatchObject({ runs: [], beyond: [expect.stringContaining('intent.json cannot be read')] });
  });
});
