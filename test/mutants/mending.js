const MEND = 'test/sim/mend.test.ts';
const PLAN = ['test/unit/flows/mend-plan.test.ts'];

/** Mending what interrupted runs left. */
export const mending = [
  {
    name: 'mends-foreign-labels',
    why: 'Only what carries the label of the run’s own intent is that run’s.',
    file: 'src/flows/mend/plan.ts',
    before: 'snapshot.label === intent.label &&',
    after: '',
    tests: PLAN,
  },
  {
    name: 'mended-set-is-good',
    why: 'What mend seals as good, the run itself had compared after its window.',
    file: 'src/flows/mend/seal.ts',
    before: "isWhole && allSeen && judgedBy(record)?.placement === 'same' ? 'same' : 'unread'",
    after: "isWhole && allSeen ? 'same' : 'unread'",
    tests: PLAN,
  },
  {
    name: 'silent-array-has-nothing',
    why: 'An array that could not be asked may have its snapshot.',
    file: 'src/flows/mend/plan.ts',
    before: 'if (unasked.some((one) => one.array === array)) continue;',
    after: '',
    tests: PLAN,
  },
  {
    name: 'mends-a-run-that-goes-on',
    why: 'Nothing of a run that is going on, or may be, is touched.',
    file: 'src/flows/mend/cases.ts',
    before: ' && !running.has(entry.id)',
    after: '',
    tests: PLAN,
  },
  {
    name: 'torn-journal-held-nobody',
    why: 'A torn journal may hide that the window was opened: its guests are asked.',
    file: 'src/catalog/journal.ts',
    before: 'return faults.length > 0 || entries.some(',
    after: 'return entries.some(',
    tests: PLAN,
  },
  {
    name: 'late-snapshot-of-a-dead-run-is-forgotten',
    why: 'As long as an array may still carry out a dead run’s request, the run is not closed.',
    file: 'src/flows/undo/late.ts',
    before: 'return !units',
    after: 'return units',
    tests: [MEND],
  },
  {
    name: 'silent-guest-writes',
    why: 'A guest that could not be asked may still be held: exit 6.',
    file: 'src/flows/mend/guests.ts',
    before: "return is === 'not-writing' || is === 'not-asked';",
    after: "return is === 'not-writing';",
    tests: [MEND],
  },
  {
    name: 'silence-of-an-array-outranks-a-guest',
    why: 'A guest that may stand still is the last word, whatever else mend could not do.',
    file: 'src/flows/mend/mend.ts',
    before: 'throw outranked(asFault(thrown), [...asked.values()]);',
    after: 'throw outranked(asFault(thrown), []);',
    tests: [MEND],
  },
  {
    name: 'seals-without-an-instant',
    why: 'Where no record tells when its snapshots were taken, no set is good.',
    file: 'src/flows/mend/seal.ts',
    before: 'record.window !== undefined && record.faults.length === 0',
    after: 'record.faults.length === 0',
    tests: ['test/unit/flows/mend-plan.test.ts'],
  },
];
