const NOWHERE = ['test/unit/cli/nowhere.test.ts'];

/** What the command line refuses, or would answer wrongly. */
export const cli = [
  {
    name: 'an-empty-key-is-a-key',
    why: 'A job whose variable is not set is not answered with the set of another such job.',
    file: 'src/cli/commands/snapshot.ts',
    before: "if (key !== undefined && key.trim() === '')",
    after: "if (key === 'never')",
    tests: ['test/unit/cli/words.test.ts'],
  },
  {
    name: 'a-mistyped-state-folder-is-empty',
    why: 'Whoever looks in a folder that is not there is not told that there is no set.',
    file: 'src/cli/catalog.ts',
    before: "if (!place.isThere && flags.state !== undefined && named === 'is-there') throw notThere(place);",
    after: '',
    tests: NOWHERE,
  },
  {
    name: 'no-group-is-fine',
    why: 'A monitor that asks for the status of no group is not told that all is well.',
    file: 'src/ui/status.ts',
    before: 'groups.length > 0 && groups.every(',
    after: 'groups.every(',
    tests: NOWHERE,
  },
  {
    name: 'init-loses-a-vm',
    why: 'A VM that was asked for and not found is in the exit code.',
    file: 'src/cli/commands/init.ts',
    before: 'wanted.every(({ vm }) => isThere(vm))',
    after: 'wanted.some(({ vm }) => isThere(vm))',
    tests: ['test/wire/init.test.ts'],
  },
];
