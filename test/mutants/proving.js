const EVIDENCE = ['test/unit/flows/verify.test.ts'];
const LEDGER = ['test/unit/ledger/rule.test.ts'];
const LEDGERS = ['test/unit/flows/verify-ledgers.test.ts'];
const REBUILT = ['test/sim/rebuild.test.ts'];

/** What is asked of a set afterwards, and what is made of labels that nobody here knows. */
export const proving = [
  {
    name: 'held-disk-may-need-recovery',
    why: 'A file system that stood still when it was cut needs no recovery, or the record is wrong.',
    file: 'src/flows/verify-evidence.ts',
    before: "if (recovery.needed === 'yes' && hold.kind === 'held') {",
    after: "if (recovery.needed === 'unknown' && hold.kind === 'held') {",
    tests: EVIDENCE,
  },
  {
    name: 'verify-forgets-the-id',
    why: 'A snapshot that another hand put in its place is not the one that was taken.',
    file: 'src/flows/verify-snapshots.ts',
    before: 'if (seen.id !== recorded.id) {',
    after: 'if (seen.name !== recorded.name) {',
    tests: EVIDENCE,
  },
  {
    name: 'verify-forgets-what-is-besides',
    why: 'What nobody took stands under no label of ours unnamed.',
    file: 'src/flows/verify-snapshots.ts',
    before: '...seen.filter((one) => !known.has(one)).map(extra),',
    after: '',
    tests: EVIDENCE,
  },
  {
    name: 'ledger-looks-one-way',
    why: 'A rule that looks from the volume that was written first finds nothing where that one was cut first.',
    file: 'src/ledger/rule.ts',
    before: 'const highest = copies.reduce((most, { last }) => Math.max(most, last), 0);',
    after: 'const highest = copies[0]?.last ?? 0;',
    tests: LEDGER,
  },
  {
    name: 'ledger-without-a-volume-is-whole',
    why: 'A volume that is missing could hold anything: nothing is said of one instant.',
    file: 'src/ledger/doubts.ts',
    before: '...absent.map((number): Doubt => ({ kind:',
    after: '...[].map((number): Doubt => ({ kind:',
    tests: LEDGER,
  },
  {
    name: 'torn-ledger-is-only-worth-knowing',
    why: 'Writes that are there without those before them contradict a set that claims to be one instant.',
    file: 'src/flows/verify-ledgers.ts',
    before: "verdict.oneInstant && !verdict.vms.some(({ aside }) => aside) ? 'wrong' : 'worth-knowing'",
    after: "verdict.oneInstant && verdict.vms.length === 0 ? 'wrong' : 'worth-knowing'",
    tests: LEDGERS,
  },
  {
    name: 'rebuilt-set-goes-unadopted',
    why: 'That the snapshots of a rebuilt set are ours to remove stands nowhere, before a person has said it.',
    file: 'src/flows/remove-rebuilt.ts',
    before: "if (entry.state === 'rebuilt') throw notAdopted(id);",
    after: '',
    tests: REBUILT,
  },
  {
    name: 'adopts-what-is-young',
    why: 'A label that may be of a run at work elsewhere is not adopted unsaid.',
    file: 'src/flows/adopt.ts',
    before: 'if (!isAlready && !parts.young) refuseYoung(wanted, snapshots, now);',
    after: '',
    tests: REBUILT,
  },
  {
    name: 'words-behind-the-answer-are-the-answer',
    why: 'A guest that says that it holds does hold, whatever arrives right behind that.',
    file: 'src/quiesce/holder/session.ts',
    before: '            deaf();\n            resolve(heard);',
    after: '            resolve(heard);',
    tests: ['test/unit/quiesce/session.test.ts'],
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
    file: 'src/flows/clean-up.ts',
    before: 'const there = found.filter(isOurs);',
    after: 'const there = found;',
    tests: ['test/sim/run.test.ts'],
  },
  {
    name: 'two-under-one-label-prove-something',
    why: 'Of two snapshots of a volume under one label it is not known which the window covers.',
    file: 'src/flows/conclude.ts',
    before: 'doubledIn(seen.taken, wanted)',
    after: '[]',
    tests: ['test/sim/run.test.ts'],
  },
];
