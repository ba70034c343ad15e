import { FORMS } from '../quiesce/holder/programs.ts';
import type { Command } from './verb.ts';

/** Every command there is. What it does is loaded when it is called: `--help` and `--version` load none of it. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'check',
    argument: '[group]',
    summary: 'check connections and configuration; freezes nothing, takes no snapshots',
    about: 'Connects to vSphere, every array and every guest, and makes the plan of every group. Worst first.',
    flags: [['--offline', 'read the topology only: no network, no secret']],
    load: () => import('./commands/check.ts'),
  },
  {
    name: 'plan',
    argument: '[group]',
    summary: 'show what a run would do; change nothing',
    flags: [['--all', 'every VM that is captured besides, by name']],
    load: () => import('./commands/plan.ts'),
  },
  {
    name: 'snapshot',
    argument: '[group]',
    acts: true,
    summary: 'take one set of a group, now',
    flags: [
      ['--note <text>', 'a remark, kept with the set'],
      ['--key <text>', 'reuse the good set that has this key, if there is one (retried jobs)'],
      ['--require <level>', 'instead of what the topology requires: application, filesystem, crash, unproven'],
      ['--weak <what>', 'keep or remove a set that is weaker than required'],
      ['--manifest <file>', 'write the manifest, or the fault, there as well'],
      ['--dry-run', 'show what it would do; the same as plan'],
      ['--all', 'with --dry-run: every VM that is captured besides'],
    ],
    load: () => import('./commands/snapshot.ts'),
  },
  {
    name: 'list',
    shows: true,
    argument: '[group]',
    summary: 'the sets that there are, newest first',
    flags: [
      ['--runs', 'every run instead, also those that made no set'],
      ['--all', 'sets that were removed, too'],
    ],
    load: () => import('./commands/list.ts'),
  },
  {
    name: 'show',
    shows: true,
    argument: '<set>',
    summary: 'one set, or a run that made none: what, how good, and why',
    about:
      'SET: an id, any unique beginning of one, latest, or latest:GROUP (the latest good one). One that was rebuilt from the arrays has its label for an id.',
    load: () => import('./commands/show.ts'),
  },
  {
    name: 'status',
    argument: '[group]',
    summary: 'last good set, age, level, failures since, leftovers; files only',
    flags: [['--max-age <duration>', 'a last good set that is older is too old: 26h']],
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'verify',
    argument: '<set>',
    summary: 'is a set still what its manifest says? Changes nothing',
    about:
      'SET: an id, any unique beginning of one, latest, or latest:GROUP (the latest good one). Asks every array for the ' +
      "snapshots, compares identity, source, size, time and validity, and reads in them, where the array's driver can " +
      'show them: a file system that was held needs no recovery, and a ledger on it (`stillpoint ledger`) lacks nothing. It uses e2fsprogs, xfsprogs and btrfs-progs of the ' +
      'machine where the array is reached; what is not there is said. Takes no lock, asks no guest and no vCenter.',
    flags: [['--quick', 'only what superblocks and logs tell: no e2fsck, xfs_repair, btrfs check, ledger']],
    load: () => import('./commands/verify.ts'),
  },
  {
    name: 'remove',
    argument: '<set...>',
    acts: true,
    summary: 'remove whole sets from arrays and catalog, or what a failed run left',
    about: 'SET: as in `show`. A set that was rebuilt from the arrays only after `mend --adopt`.',
    flags: [
      ['--last', 'also the last good set of its group'],
      ['--dry-run', 'show what would go'],
    ],
    load: () => import('./commands/remove.ts'),
  },
  {
    name: 'mend',
    argument: '[group]',
    acts: true,
    summary: 'finish or undo what interrupted runs left; take away the locks of dead ones',
    about:
      'Acts only on what runs of this state folder have written down. Asks guests whose release was not confirmed whether ' +
      'they write; seals what is whole, as a weak set where the run had not judged it; removes the rest by label and identity. What it cannot do is ' +
      'named, and stays open. Without a topology only locks are mended. A lock of another machine or container is ' +
      'respected until --break-lock.',
    flags: [
      ['--break-lock', 'also locks whose owner cannot be seen from here; says whose they are, and asks'],
      ['--rebuild', 'instead: list what the arrays have under labels that this state folder does not know'],
      ['--adopt <label>', 'instead: make such a label ours, so that `remove` may remove it; has it typed'],
      ['--confirm <label>', 'the label of --adopt, said beforehand'],
      ['--young', 'adopt also what another machine’s run may be at work on: younger than a day, or of unknown age'],
      ['--dry-run', 'show what would be done; ends with 0 if nothing would stay open'],
    ],
    load: () => import('./commands/mend.ts'),
  },
  {
    name: 'ledger',
    argument: '<verb> [paths...]',
    summary: 'is a set one instant? Write numbered records, and look for them in the snapshots',
    about:
      'ledger write FOLDER FOLDER…: record 1 to the first folder and through to its disk, then record 2 to the next, and ' +
      'so on around, in one file a folder whose size stays the same; here, or in a guest with --vm. ledger check PATH…: ' +
      'the copies in the snapshots (files, or folders where they are mounted), one of each volume: record k must not be ' +
      'there without every record before it. ledger print: the writing program, to be installed by hand.',
    flags: [
      ['--vm <vm>', 'write: in this guest of the topology, until the line ends'],
      ['--for <duration>', 'write: so long; else until an interrupt'],
      ['--every <duration>', 'write: between two records; default 2ms'],
      ['--records <number>', 'write: kept on each volume, then the oldest goes; default 8192, 1 MiB'],
      ['--at <time>', 'check: when the snapshots were taken, ISO 8601'],
    ],
    load: () => import('./commands/ledger.ts'),
  },
  {
    name: 'init',
    argument: '[vm...]',
    summary: 'print a commented topology to begin with',
    about:
      'Without names: one to fill in. With the names of VMs: what vSphere says of them, each disk as a comment, each LUN as\n' +
      'a volume, a stub for each array. stillpoint init mail01 db01 > stillpoint.yaml',
    flags: [
      ['--url <url>', 'vCenter or ESXi host; else GOVC_URL. The password is read from GOVC_PASSWORD'],
      ['--username <name>', 'else GOVC_USERNAME'],
      ['--ca <file>', 'certificates to trust'],
      ['--fingerprint <sha256>', "the server certificate's SHA-256, instead"],
    ],
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'schema',
    summary: 'the JSON Schema of the topology, for editors',
    about: 'stillpoint schema > stillpoint.schema.json',
    load: () => import('./commands/schema.ts'),
  },
  {
    name: 'holder',
    argument: '<print>',
    summary: 'print the guest-side program, to be installed by the site',
    about:
      'holder print: the program, the list of mounts that may be held and the lines for sudoers, each with its SHA-256, or\n' +
      '(with --key) a line for authorized_keys, and the commands that install them. The login can then do nothing but probe,\n' +
      'hold and release. The program is all from its first line (#!) to the end; with --json it is .program.text.',
    flags: [
      ['--user <name>', 'the login that Stillpoint uses in the guest'],
      ['--mounts <paths>', 'mount points that may be held, with commas between them'],
      ['--form <form>', `${FORMS.join(', ')}; default python3`],
      ['--key <file>', 'public key for a forced command, instead of a sudoers line'],
      ['--dir <folder>', 'write the files into this new folder, and print the commands only'],
      ['--interpreter <path>', "the interpreter's path in the guest, where it is not Debian's"],
    ],
    load: () => import('./commands/holder.ts'),
  },
  {
    name: 'demo',
    summary: 'take snapshots of a small world inside this process; no configuration needed',
    about:
      'A vCenter, three guests and two arrays, on loopback and in a folder of their own. What it took can be looked at ' +
      'afterwards; an interrupt leaves nothing.',
    load: () => import('./commands/demo.ts'),
  },
];

/** What every command takes, and what it means. */
export const GLOBAL_FLAGS: readonly (readonly [flags: string, description: string])[] = [
  ['-t, --topology <file>', 'the topology; else $STILLPOINT_TOPOLOGY, else ./stillpoint.yaml'],
  ['--state <folder>', 'the state folder, instead of what the topology says'],
  ['--json', 'for machines: objects, or one document, on standard output'],
  ['--quiet', 'silent on success, but for list and show; else the whole log'],
  ['--verbose', 'every event'],
  ['--no-color', 'no colours; also NO_COLOR'],
  ['--yes', 'assume yes at prompts; does not override safety checks'],
  ['--because <text>', 'a reason, kept where something is removed'],
  ['--wait <duration>', 'for a lock that another run holds; default 0'],
  [
    '--timeout <duration>',
    'time limit for preparation, and for removing old sets; never for releasing guests; default 30m',
  ],
];
