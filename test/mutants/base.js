const LOCK = 'test/process/lock.test.ts';
const FILES = ['test/unit/base/file-system.test.ts'];
const DEADLINE = ['test/unit/base/deadline.test.ts'];

/** Files, locks and budgets of time. */
export const base = [
  {
    name: 'renamed-before-it-is-on-disk',
    why: 'After a power loss a file that was written whole is the old one or the new one, never an empty one.',
    file: 'src/base/file-system.ts',
    before: "await file.writeFile(text, 'utf8');\n          await file.sync();",
    after: "await file.writeFile(text, 'utf8');",
    tests: FILES,
  },
  {
    name: 'heals-a-lock-of-another-boot',
    why: 'A lock whose owner cannot be seen from here is respected.',
    file: 'src/base/process-identity.ts',
    before: "(['machine', 'boot', 'namespace'] as const)",
    after: "(['machine', 'namespace'] as const)",
    tests: [`${LOCK} > are respected even if`],
  },
  {
    name: 'unknown-identity-proves-death',
    why: 'What the system does not tell never proves that anybody is gone.',
    file: 'src/base/process-identity.ts',
    before: ' && self[part] !== UNKNOWN',
    after: '',
    tests: [`${LOCK} > of which the system tells nothing`],
  },
  {
    name: 'healer-does-not-look-again',
    why: 'Who looked before a lock was healed takes nothing away from who has it now.',
    file: 'src/base/lock-file.ts',
    before: "if (now.kind !== 'claimed' || now.claim.nonce !== held.nonce) return 'again';",
    after: '',
    tests: [`${LOCK} > who looked before the lock was healed`],
  },
  {
    name: 'some-of-the-locks-are-kept',
    why: 'Locks are taken all or none: two runs never wait for one another.',
    file: 'src/base/lock.ts',
    before: "await letGo();\n        return { kind: 'locked'",
    after: "return { kind: 'locked'",
    tests: [`${LOCK} > are taken all or none`],
  },
  {
    name: 'undoing-is-cancelled-too',
    why: 'A budget for undoing outlives the one that it was made from, and nothing cancels it.',
    file: 'src/base/deadline.ts',
    before: 'deadline(clock, budget, what)',
    after: 'deadline(clock, budget, what, control.signal)',
    tests: DEADLINE,
  },
];
