const RUN = 'test/sim/run.test.ts';
const MEND = 'test/sim/mend.test.ts';
const REMOVE = 'test/sim/remove.test.ts';

/** The way into the window and out of it, clean-up and removal. */
export const flows = [
  {
    name: 'skip-the-placement-check-after',
    why: 'Disks that moved while guests were held cost the set.',
    file: 'src/flows/snapshot/conclude.ts',
    before: "return found.some(({ severity }) => severity === 'error') ? 'changed' : 'same';",
    after: "return 'same';",
    tests: [RUN],
  },
  {
    name: 'late-answer-improves-the-verdict',
    why: 'What is found on an array after the window settles what is kept, and proves nothing.',
    file: 'src/flows/snapshot/conclude.ts',
    before: 'const judged = withDoubled(verdict(past.plan, past.record, placement), doubledIn(seen.taken, wanted));',
    after: `const fires = past.record.fires.map((fire) =>
      seen.unsettled.has(fire.array) ? fire : { ...fire, outcome: 'cut' as const, answeredAtMs: fire.answeredAtMs ?? fire.sentAtMs },
    );
    const judged = withDoubled(verdict(past.plan, { ...past.record, fires }, placement), doubledIn(seen.taken, wanted));`,
    tests: [RUN],
  },
  {
    name: 'only-the-group-is-locked',
    why: 'Two runs that share a VM or a cut unit never overlap.',
    file: 'src/flows/snapshot/prepare.ts',
    before: '...plan.guests.map(({ vm, instanceUuid }) => ({ key: `vm:${instanceUuid}`, shown: `guest ${vm}` })),',
    after: '',
    tests: [RUN],
  },
  {
    name: 'arming-is-not-announced',
    why: 'From before an array is asked to prepare, the journal says that it may carry something of ours.',
    file: 'src/flows/snapshot/prepare.ts',
    before: "for (const { array } of plan.arrays) await journal.note({ type: 'arming', array });",
    after: '',
    tests: [MEND],
  },
  {
    name: 'window-is-not-announced',
    why: 'From before the first hold, the journal says that guests may be held.',
    file: 'src/snapshot.ts',
    before: "await journal.note({ type: 'opening', at: parts.clock.date().toISOString() });",
    after: '',
    tests: [MEND],
  },
  {
    name: 'gone-before-it-is-gone',
    why: 'A snapshot is marked as gone only when its array has removed it.',
    file: 'src/flows/undo/take-back.ts',
    before: 'await driver.remove(snapshot, limit);\n      await gone(snapshot);',
    after: 'await gone(snapshot);\n      await driver.remove(snapshot, limit);',
    tests: [REMOVE],
  },
  {
    name: 'what-stays-is-called-clean',
    why: 'What could not be removed is named, and looked for again.',
    file: 'src/flows/undo/take-back.ts',
    before: 'if (left.length > 0) return { array: driver.id, names: left.map(({ name }) => name), why };',
    after: '',
    tests: [RUN],
  },
  {
    name: 'late-snapshot-is-forgotten',
    why: 'An array that may still carry out what it was sent is not called clean.',
    file: 'src/flows/undo/take-back.ts',
    before: 'if (open !== undefined)\n      return',
    after: 'if (open !== undefined && there.length > 0)\n      return',
    tests: [RUN],
  },
  {
    name: 'removes-the-last-good-set',
    why: 'The last good set of a group stays, unless somebody says that it may go.',
    file: 'src/flows/remove/remove.ts',
    before: "if (last || one.kind !== 'set' ||",
    after: "if (last || one.kind !== 'set' || distinct.size === 1 ||",
    tests: [REMOVE],
  },
  {
    name: 'silent-release-is-a-release',
    why: 'A guest whose word is missing may be held, and the run ends with 6.',
    file: 'src/catalog/in-doubt.ts',
    before: "release === undefined || release === 'unknown'",
    after: 'release === undefined',
    tests: [RUN],
  },
  {
    name: 'clean-up-has-no-bound',
    why: 'An array that does not answer keeps a run, its locks and its last word no longer than half a minute.',
    file: 'src/flows/snapshot/after-window.ts',
    before: "return deadline(clock, CLEAN_UP_MS, 'cleaning up');",
    after: "return deadline(clock, 60 * CLEAN_UP_MS, 'cleaning up');",
    tests: ['test/sim/silent-array.test.ts'],
  },
  {
    name: 'guest-in-doubt-is-told-of-at-the-end',
    why: 'Who may still be held is told before anything is asked of an array.',
    file: 'src/snapshot.ts',
    before: 'if (doubt !== undefined) emit(',
    after: 'if (doubt === undefined && record.holds.length < 0) emit(',
    tests: ['test/sim/silent-array.test.ts'],
  },
  {
    name: 'silent-array-is-asked-for-every-old-set',
    why: 'One array that does not answer is not asked for each old set.',
    file: 'src/flows/snapshot/retention.ts',
    before: 'if (remains.some(({ silent }) => silent === true)) break;',
    after: '',
    tests: ['test/sim/silent-array.test.ts'],
  },
];
