const PLACEMENT = ['test/unit/inventory/same-placement.test.ts'];
const DISKS = ['test/unit/inventory/disks.test.ts'];

/** What vSphere says, and what of it is refused. */
export const inventory = [
  {
    name: 'disk-on-another-lun-has-not-moved',
    why: 'A disk that lies on another LUN after the window was not cut.',
    file: 'src/inventory/same-placement.ts',
    before: ': equal(was.data, is.data) && equal(was.metadata, is.metadata);',
    after: ': was.data.length === is.data.length;',
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
    name: 'unknown-backing-is-followed',
    why: 'A backing that cannot be followed to an array is refused, not guessed.',
    file: 'src/inventory/disks.ts',
    before: 'if (KNOWN_BACKINGS.has(link.xsiType)) return undefined;',
    after: "if (link.xsiType.startsWith('VirtualDisk')) return undefined;",
    tests: DISKS,
  },
];
