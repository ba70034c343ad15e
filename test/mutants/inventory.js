const PLACEMENT = ['test/unit/inventory/same-placement.test.ts'];
const REFUSALS = ['test/unit/inventory/refusals.test.ts'];
const DISKS = ['test/unit/inventory/disks.test.ts'];

/** What vSphere says, and what of it is refused. */
export const inventory = [
  {
    name: 'disk-with-other-files-has-not-moved',
    why: 'A snapshot or relocation between plan and release changes a disk’s files.',
    file: 'src/inventory/same-placement.ts',
    before: ': equal(was.files, is.files);',
    after: ': was.files.length === is.files.length;',
    tests: PLACEMENT,
  },
  {
    name: 'disk-on-another-lun-has-not-moved',
    why: 'A disk that lies on another LUN after the window was not cut.',
    file: 'src/inventory/same-placement.ts',
    before: ': equal(was.data, is.data) && equal(was.metadata, is.metadata);',
    after: ': was.data.length === is.data.length;',
    tests: PLACEMENT,
  },
  {
    name: 'another-vm-of-that-name-is-the-same',
    why: 'A VM that was unregistered and registered again is another one.',
    file: 'src/inventory/same-placement.ts',
    before: 'if (now.ref !== vm.ref) return',
    after: "if (now.ref === '') return",
    tests: PLACEMENT,
  },
  {
    name: 'attached-disk-is-not-seen',
    why: 'A disk that was attached meanwhile is in no snapshot.',
    file: 'src/inventory/same-placement.ts',
    before: "...added.map((disk) => changed(`${before.vm} ${disk.address}`, 'was attached')),",
    after: '',
    tests: PLACEMENT,
  },
  {
    name: 'running-task-is-none',
    why: 'A VM that is being moved is not planned.',
    file: 'src/inventory/refusals.ts',
    before: "if (task.state !== 'running' && task.state !== 'queued') return undefined;",
    after: "if (task.state !== 'queued') return undefined;",
    tests: REFUSALS,
  },
  {
    name: 'disconnected-vm-is-believed',
    why: 'What vSphere says of a VM that it cannot see may be old.',
    file: 'src/inventory/refusals.ts',
    before: "if (machine.connectionState === 'connected') return undefined;",
    after: "if (machine.connectionState !== 'inaccessible') return undefined;",
    tests: REFUSALS,
  },
  {
    name: 'delta-of-a-raw-disk-is-only-metadata',
    why: 'What the guest writes to a raw disk that runs on a delta lies in the delta.',
    file: 'src/inventory/disks.ts',
    before: 'raw && index === chain.length - 1 ? files.metadata : files.data',
    after: 'raw ? files.metadata : files.data',
    tests: DISKS,
  },
  {
    name: 'unknown-backing-is-followed',
    why: 'A backing that cannot be followed to an array is refused, not guessed.',
    file: 'src/inventory/disks.ts',
    before: 'if (KNOWN_BACKINGS.has(link.xsiType)) return undefined;',
    after: "if (link.xsiType.startsWith('VirtualDisk')) return undefined;",
    tests: DISKS,
  },
  {
    name: 'home-by-name-anywhere',
    why: 'Two datacenters may each have a datastore of that name; a VM lies on its own.',
    file: 'src/inventory/placement.ts',
    before: 'for (const ref of machine.datastores) {',
    after: 'for (const ref of datastores.keys()) {',
    tests: ['test/unit/inventory/placement.test.ts'],
  },
  {
    name: 'hidden-task-is-no-task',
    why: 'A VM whose tasks may not be read must not look undisturbed.',
    file: 'src/vsphere/tasks.ts',
    before: "diskTask(insistOnAll(found, 'task', vsphere))",
    after: 'diskTask(found)',
    tests: ['test/wire/vsphere-properties.test.ts > a task that may not be read'],
  },
];
