const JOURNAL = ['test/unit/catalog/journal.test.ts'];
const MANIFEST = ['test/unit/catalog/manifest.test.ts'];
const RETENTION = ['test/unit/catalog/retention.test.ts'];
const STORE = ['test/unit/catalog/store.test.ts'];
const INDEX = ['test/unit/catalog/set-index-histories.test.ts'];

/** What is believed of our own papers, and what they let go. */
export const catalog = [
  {
    name: 'journal-is-not-synced',
    why: 'What the journal announces is on disk before it is done.',
    file: 'src/catalog/journal.ts',
    before: 'await files.sync(journalFile(state, run));',
    after: '',
    tests: JOURNAL,
  },
  {
    name: 'changed-manifest-is-believed',
    why: 'Nothing of a manifest whose checksum does not match is believed.',
    file: 'src/catalog/seal.ts',
    before: 'if (sha256 !== seal(content))',
    after: 'if (sha256 === undefined)',
    tests: MANIFEST,
  },
  {
    name: 'manifest-is-written-in-place',
    why: 'A crash while a manifest is written leaves a whole one or none.',
    file: 'src/catalog/manifest.ts',
    before: 'await state.files.writeWhole(manifestFile(state, manifest.id), sealed(manifest));',
    after: 'await state.files.append(manifestFile(state, manifest.id), sealed(manifest));',
    tests: MANIFEST,
  },
  {
    name: 'removal-is-not-marked-first',
    why: 'A set is marked as going before anything of it is removed.',
    file: 'src/catalog/removal.ts',
    before: 'if (earlier === undefined) await write(removal);',
    after: '',
    tests: [...STORE, 'test/sim/mend.test.ts'],
  },
  {
    name: 'set-that-is-going-is-good',
    why: 'From the first mark of its removal on a set counts for nothing.',
    file: 'src/catalog/set-entry.ts',
    before: 'if (removal === undefined) return manifest.state;',
    after: 'if (removal?.finishedAt === undefined) return manifest.state;',
    tests: STORE,
  },
  {
    name: 'index-is-not-told-of-a-removal',
    why: 'Before a set counts for nothing, a name beside it says so to whoever has an index.',
    file: 'src/catalog/removal.ts',
    before: "if (!isLabel(set.id)) await state.files.writeWhole(removalFlag(state, set.id), '');",
    after: '',
    tests: INDEX,
  },
  {
    name: 'keep-last-may-be-none',
    why: 'The newest good set always stays.',
    file: 'src/catalog/retention.ts',
    before: 'Math.max(1, rules.keepLast)',
    after: 'rules.keepLast',
    tests: RETENTION,
  },
];
