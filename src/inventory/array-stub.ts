import type { ArrayMake } from './array-make.ts';

/** An array as it stands in a topology to begin with: passes `check --offline`, and says what to put in. */
export function arrayStub({ id, name, by }: ArrayMake): readonly string[] {
  const ssh = `    ssh: { host: ${id}.example, user: stillpoint }`;
  switch (by) {
    case 'reflink':
      return [
        `  ${id}: # ${name}`,
        '    driver: reflink # its LUNs are files on xfs or btrfs; btrfs: each in a subvolume of its own; else command',
        ssh,
        '    root: /srv/luns # where the files lie',
      ];
    case 'zfs':
      return [
        `  ${id}: # ${name}`,
        '    driver: command',
        ssh,
        '    # ZFS takes the snapshots of one command at one instant, within one pool.',
        '    snapshot: { run: [zfs, snapshot, { each: <volume>@<snapshot> }] }',
        '    answers: cut',
        '    find:',
        '      run: [zfs, list, -Hp, -t, snapshot, -o, "name,guid,creation"]',
        "      row: '^(?<volume>[^@]+)@(?<snapshot>\\S+)\\t(?<id>\\d+)\\t(?<unixtime>\\d+)$'",
        '    remove: { run: [zfs, destroy, <volume>@<snapshot>], gone: "could not find any snapshots|does not exist" }',
      ];
    default:
      return [
        `  ${id}: # ${name}; there is no driver of its own for it`,
        '    driver: command # any array with a command line: put its commands in',
        ssh,
        '    snapshot: { run: [arraycli, snapshot-create, --volume, <volume>, --name, <snapshot>] }',
        '    answers: cut # only if exit 0 means that the snapshot exists',
        "    find: { run: [arraycli, snapshot-list], row: '^(?<volume>\\S+) (?<snapshot>\\S+) (?<id>\\S+) (?<unixtime>\\d+)$' }",
        '    remove: { run: [arraycli, snapshot-remove, --volume, <volume>, --name, <snapshot>], gone: "no such snapshot" }',
      ];
  }
}
