const BUILD = ['test/unit/plan/build.test.ts'];
const CLAIMS = ['test/unit/plan/claims.test.ts'];

/** What stops a plan, and whose each device is. */
export const plan = [
  {
    name: 'half-held-disk-is-covered',
    why: 'A disk is covered only if all that uses it is held.',
    file: 'src/plan/coverage.ts',
    before: 'own.every((use) => use.held)',
    after: 'own.some((use) => use.held)',
    tests: BUILD,
  },
  {
    name: 'unused-disk-is-covered',
    why: 'A disk that nobody is known to use is not covered by anything.',
    file: 'src/plan/coverage.ts',
    before: 'return own.length > 0 && own.every',
    after: 'return own.every',
    tests: BUILD,
  },
  {
    name: 'volume-of-another-size-passes',
    why: 'A volume that is smaller than its LUN is another one.',
    file: 'src/plan/sizes.ts',
    before: 'if (volume.sizeBytes < disk.sizeBytes) return',
    after: 'if (volume.sizeBytes < 1n) return',
    tests: ['test/unit/plan/sizes.test.ts'],
  },
  {
    name: 'extents-may-be-cut-apart',
    why: 'All extents of a VMFS datastore lie in one cut unit, or the plan is refused.',
    file: 'src/plan/checks.ts',
    before: 'if (homes.size <= 1) return [];',
    after: 'if (homes.size <= 2) return [];',
    tests: BUILD,
  },
  {
    name: 'absent-vm-passes',
    why: 'A VM of which vSphere tells nothing is not left out in silence.',
    file: 'src/plan/checks.ts',
    before: "...absent.map(({ vm }) => partial(vm, 'vSphere told nothing of it')),",
    after: '',
    tests: BUILD,
  },
  {
    name: 'holds-its-own-ground',
    why: 'The machine that Stillpoint runs on is not held still.',
    file: 'src/plan/checks.ts',
    before: 'ground.biosUuids.includes(vm.biosUuid.toLowerCase())',
    after: 'ground.biosUuids.length < 0',
    tests: BUILD,
  },
  {
    name: 'device-of-nobody-passes',
    why: 'A disk that no array knows stops the plan.',
    file: 'src/plan/claims.ts',
    before: 'findings.push(\n      claimants.length === 0 ?',
    after: 'if (claimants.length > 0) findings.push(\n      claimants.length === 0 ?',
    tests: CLAIMS,
  },
  {
    name: 'any-value-is-harmless',
    why: 'A line of the topology is shown without what may be a secret, however its key is called.',
    file: 'src/topology/harmless.ts',
    before: 'return isOpen(steps) && ',
    after: 'return ',
    tests: ['test/unit/topology/harmless.test.ts'],
  },
];
