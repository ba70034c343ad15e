const EVIDENCE = ['test/unit/flows/verify.test.ts'];
const REBUILT = ['test/sim/rebuild.test.ts'];

/** What is asked of a set afterwards, and what is made of labels that nobody here knows. */
export const proving = [
  {
    name: 'verify-forgets-the-id',
    why: 'A snapshot that another hand put in its place is not the one that was taken.',
    file: 'src/flows/verify/snapshots.ts',
    before: 'if (seen.id !== recorded.id) {',
    after: 'if (seen.name !== recorded.name) {',
    tests: EVIDENCE,
  },
  {
    name: 'rebuilt-set-goes-unadopted',
    why: 'That the snapshots of a rebuilt set are ours to remove stands nowhere, before a person has said it.',
    file: 'src/flows/remove/rebuilt.ts',
    before: "if (entry.state === 'rebuilt') throw notAdopted(id);",
    after: '',
    tests: REBUILT,
  },
  {
    name: 'word-after-the-lease-is-kept',
    why: 'A guest that was paused past its lease, and says that it stood, proves nothing.',
    file: 'src/quiesce/holder/channel.ts',
    before: 'if (clock.now() >= leaseEndsAtMs) return',
    after: 'if (leaseEndsAtMs === 0) return',
    tests: ['test/unit/quiesce/channel.test.ts'],
  },
  {
    name: 'failed-run-takes-another-hands-snapshot',
    why: 'What is under a run’s label, and of no volume that it was to cut, is not its own.',
    file: 'src/flows/undo/take-back.ts',
    before: 'const there = found.filter(isOurs);',
    after: 'const there = found;',
    tests: ['test/sim/run.test.ts'],
  },
];
