import { describe, test } from 'vitest';
import { Fault } from '../../../src/base/fault.ts';
import { jsonText } from '../../../src/base/json.ts';
import type { HeldLock } from '../../../src/base/lock-file.ts';
import type { Leftover } from '../../../src/catalog/leftovers.ts';
import type { RebuiltEntry } from '../../../src/catalog/rebuilt.ts';
import type { SetEntry, WholeSet } from '../../../src/catalog/set-entry.ts';
import type { GroupStatus } from '../../../src/catalog/status.ts';
import type { RunEntry } from '../../../src/catalog/store.ts';
import type { RebuildReport } from '../../../src/flows/rebuild/rebuild.ts';
import type { Verified } from '../../../src/flows/verify/verified.ts';
import type { Finding, FireRecord, HoldRecord, Plan, WindowRecord } from '../../../src/model.ts';
import { checkLines } from '../../../src/ui/check.ts';
import { drawWindow, proofOf } from '../../../src/ui/drawing.ts';
import { faultLines } from '../../../src/ui/fault.ts';
import { findingLines } from '../../../src/ui/findings.ts';
import { noneYetLines } from '../../../src/ui/place.ts';
import { planDocument, planLines } from '../../../src/ui/plan.ts';
import { adoptLines, rebuildLines } from '../../../src/ui/rebuild.ts';
import { rebuiltListLines, showRebuiltDocument, showRebuiltLines } from '../../../src/ui/rebuilt.ts';
import { runListDocument, runListLines, showRunDocument, showRunLines } from '../../../src/ui/run.ts';
import { setListDocument, setListLines, showDocument, showLines } from '../../../src/ui/set.ts';
import { homeLines, statusDocument, statusLines } from '../../../src/ui/status.ts';
import { verifyDocument, verifyLines } from '../../../src/ui/verify.ts';
import {
  ADOPTED,
  entryOfSet,
  idOf,
  intentFor,
  labelOf,
  mailPlan,
  mailSnapshots,
  mailVerdict,
  mailWindow,
  manifestOf,
  rebuiltOf,
  resultOf,
} from '../../fixtures/sets.ts';
import { expectGolden } from '../golden.ts';

process.env.TZ = 'Europe/Berlin';

function golden(name: string, lines: readonly string[]): void {
  expectGolden(`${lines.join('\n')}\n`, new URL(`${name}.txt`, import.meta.url));
}

function goldenJson(name: string, document: unknown): void {
  expectGolden(jsonText(document), new URL(`${name}.json.txt`, import.meta.url));
}

const render = (finding: Finding): string =>
  finding.at === undefined
    ? `${finding.severity}: ${finding.subject}: ${finding.message}`
    : `${finding.severity}: ${finding.subject}: ${finding.message}\n    ${finding.at.text.trim()}\n    ${finding.hint ?? ''}`;

const day = (number: number): string => `2026-11-${String(number).padStart(2, '0')}T02:00:00.000Z`;

function whole(
  sketch: Parameters<typeof manifestOf>[0] = {},
  { removal, pinned }: Pick<Partial<WholeSet>, 'removal' | 'pinned'> = {},
): WholeSet {
  return entryOfSet(manifestOf(sketch), removal, pinned);
}

function hold(vm: string, from: number, to: number, more: Partial<HoldRecord> = {}): HoldRecord {
  return {
    vm,
    stage: 0,
    method: 'fsfreeze',
    leaseMs: 8000,
    sentAtMs: 0,
    heldAtMs: from,
    gives: 'filesystem',
    covers: [],
    releaseSentAtMs: to,
    releasedAtMs: to + 1,
    release: 'kept',
    ...more,
  };
}

function notHeld(vm: string, why: string): HoldRecord {
  const { heldAtMs: _held, ...rest } = hold(vm, 0, 90, { why });
  return rest;
}

function unconfirmed(vm: string, from: number, why: string): HoldRecord {
  const { releasedAtMs: _released, ...rest } = hold(vm, from, 90, { release: 'unknown', why });
  return rest;
}

function fire(array: string, from: number, to: number | undefined, more: Partial<FireRecord> = {}): FireRecord {
  const answer = to === undefined ? {} : { answeredAtMs: to };
  return { array, unit: `${array}/all`, fenced: false, sentAtMs: from, outcome: 'cut', ...answer, ...more };
}

function record(closedAtMs: number, more: Partial<WindowRecord>): WindowRecord {
  return { startedAt: day(1), openedAtMs: 0, closedAtMs, holds: [], fences: [], fires: [], ...more };
}

describe('the drawing of a window', () => {
  test('as the demo shows it', () => {
    golden('window-demo', [
      ...drawWindow(mailWindow(), { title: 'The last window' }),
      proofOf(mailWindow()) ?? 'no proof',
    ]);
  });

  test('with everything that can go wrong', () => {
    const holds = [
      hold('mail01', 5, 100),
      hold('mail02', 9, 100, { release: 'expired', why: 'its lease ended after 60 ms' }),
      hold('mail03', 9, 100, { release: 'written', why: '8 sectors of sdb' }),
      unconfirmed('db01', 20, 'the line was lost'),
      notHeld('app01', 'fsfreeze: /srv/app: EBUSY: somebody else froze it'),
      hold('db02', 7, 100, { method: 'script' }),
      hold('db02', 14, 98, { stage: 1 }),
    ];
    const fires = [
      fire('fast', 30, 51, { fenced: true }),
      fire('bulk', 30, 44, { unit: 'bulk/a' }),
      fire('bulk', 31, 62, { unit: 'bulk/b' }),
      fire('bulk', 31, 40, { unit: 'bulk/c', outcome: 'refused', why: 'pool full' }),
      fire('far', 32, undefined, { outcome: 'unknown', why: 'no answer within 50 ms; it is looked for afterwards' }),
    ];
    const fences = [
      { array: 'fast', sentAtMs: 21, upAtMs: 28 },
      { array: 'slow', sentAtMs: 21, why: 'not supported in this state' },
    ];
    const stopped = { code: 'window.refused', message: 'array bulk refused the snapshot of bulk/c: pool full' };
    golden('window-wrong', drawWindow(record(120, { holds, fires, fences, stopped })));
  });

  test('shorter than a millisecond', () => {
    golden('window-tiny', drawWindow(record(0.4, { holds: [hold('a', 0.1, 0.3)], fires: [fire('x', 0.1, 0.2)] })));
  });

  test('of no length at all', () => {
    golden('window-none', drawWindow(record(0, { holds: [hold('a', 0, 0)], fires: [fire('x', 0, 0)] })));
  });

  test('of a minute', () => {
    const holds = [hold('mail01', 2300, 61_000), hold('db01', 1200, 60_500)];
    golden('window-long', drawWindow(record(61_234, { holds, fires: [fire('fast', 2400, 60_100)] })));
  });

  test('with long names and umlauts', () => {
    const holds = [hold('Prüfstand-Großrechner-東京-0001', 10, 90), hold('ä', 12, 95)];
    golden('window-names', drawWindow(record(100, { holds, fires: [fire('Speicher-Übergröße-Nord', 20, 40)] })));
  });

  test('of sixty-four guests folds those that are as they should be', () => {
    const holds = Array.from({ length: 64 }, (_, index) =>
      hold(`vm${String(index + 1).padStart(2, '0')}`, 10 + (index % 30), 1000 - index),
    );
    const odd = holds.map((each, index) => (index === 40 ? unconfirmed('vm41', 15, 'the line was lost') : each));
    golden('window-64', drawWindow(record(1024, { holds: odd, fires: [fire('fast', 50, 900)] })));
  });

  test('of sixty-four guests that all fail stays short', () => {
    const holds = Array.from({ length: 64 }, (_, index) => notHeld(`vm${index + 1}`, 'no route to host'));
    golden('window-64-wrong', drawWindow(record(1024, { holds })));
  });

  test('in which nothing came about', () => {
    golden('window-empty', drawWindow(record(12, { stopped: { code: 'x', message: 'interrupted by SIGTERM' } })));
  });

  test('of which a dead run has left no record', () => {
    golden('window-lost', drawWindow(record(0, { stopped: { code: 'run.died', message: 'the run ended' } })));
  });

  test('in forty columns', () => {
    golden('window-narrow', drawWindow(mailWindow(), { width: 40 }));
  });
});

describe('a plan', () => {
  test('grouped by tier', () => golden('plan', planLines(mailPlan(), { render, all: false })));

  test('for machines', () => goldenJson('plan', planDocument(mailPlan())));

  test('without tiers, of many names, weaker than required', () => {
    const base = mailPlan();
    const [first] = base.disks;
    const [fast, bulk] = base.arrays;
    if (first === undefined || fast === undefined || bulk === undefined) throw new Error('the fixture has disks');
    const [volume] = first.volumes;
    if (volume === undefined) throw new Error('the fixture has volumes');
    const { tier: _tier, because: _because, ...bare } = first;
    const other = { ...volume, id: 'vol-8', name: 'vmfs_boot_zweite_Erweiterung_東京_größer_als_die_Spalte' };
    const [second] = [base.disks[1]?.data[0]];
    const plan: Plan = {
      ...base,
      require: 'application',
      best: 'crash',
      timing: { windowMs: 90_000, reserveMs: 13_500, releaseMs: 5000 },
      disks: [
        {
          ...bare,
          ref: { vm: 'Prüfstand-Großrechner-0001', disk: 'nvme0:0' },
          where: 'datastore Übergroßer-Datenspeicher-mit-langem-Namen',
          data: second === undefined ? bare.data : [...bare.data, second],
          volumes: [volume, other],
          cover: 'fenced',
        },
      ],
      guests: [
        {
          vm: 'Prüfstand-Großrechner-0001',
          ref: 'vm-1',
          instanceUuid: 'u',
          optional: false,
          after: [],
          stages: [],
          atBest: 'application',
          excluded: [],
        },
      ],
      arrays: [
        { ...fast, fence: true, answersCut: false, units: [...fast.units, ...bulk.units] },
        {
          ...bulk,
          units: bulk.units.map((unit) => ({
            ...unit,
            alsoCaptures: Array.from({ length: 12 }, (_, index) => `lun_${index}`),
          })),
        },
      ],
      alsoCaptured: Array.from({ length: 40 }, (_, index) => `web-${String(index).padStart(2, '0')}`),
      findings: [],
    };
    golden('plan-wide', planLines(plan, { render, all: false }));
    golden('plan-all', planLines(plan, { render, all: true }));
  });
});

describe('sets', () => {
  const unreadable: SetEntry = {
    ...whole({ at: day(17) }),
    state: 'unreadable',
    why: '/var/lib/stillpoint/sets/mail/x/manifest.json: its checksum does not match: it was changed or damaged',
  };
  const sets: readonly SetEntry[] = [
    whole({ at: day(22), note: 'before the upgrade of the mail server, Größe 東京' }),
    whole({ at: day(21), state: 'weak' }),
    whole({ at: day(20) }, { pinned: 'audit 2026' }),
    whole({ at: day(19) }, { removal: { v: 1, since: day(22), because: 'keep: { last: 14 }', gone: [] } }),
    whole({ at: day(18) }, { removal: { v: 1, since: day(20), because: 'asked for', gone: [], finishedAt: day(20) } }),
    unreadable,
  ];

  test('in a list', () => golden('list', setListLines(sets)));
  test('in a list for machines', () => goldenJson('list', setListDocument(sets)));
  test('none yet', () => {
    golden(
      'list-none',
      noneYetLines('set', { root: '/var/lib/stillpoint', from: '`state:`', isThere: true, topology: 'x' }),
    );
  });
  test('none yet, where nobody may have meant', () => {
    golden(
      'list-nowhere',
      noneYetLines('set', { root: '/root/.local/state/stillpoint', from: 'HOME', isThere: false }),
    );
  });

  test('one, shown', () => {
    golden('show', showLines(whole({ note: 'before the upgrade', key: 'job-17' }, { pinned: 'audit 2026' }), render));
  });

  test('one, shown for machines', () => goldenJson('show', showDocument(whole())));

  test('a weak one, shown, has no sentence of proof', () => {
    const manifest = {
      ...manifestOf({ state: 'weak' }),
      verdict: {
        ...mailVerdict(),
        level: 'unproven' as const,
        oneInstant: false,
        because: [
          'the placement could not be read again: vCenter did not answer within 30 s',
          'so nothing says that the disks were where the plan has them',
        ],
        vms: [...mailVerdict().vms, { vm: 'web01', level: 'crash' as const, aside: true }],
      },
    };
    golden('show-weak', showLines(entryOfSet(manifest), render));
  });
});

describe('runs', () => {
  const run = (at: string, more: Partial<RunEntry>): RunEntry => {
    const id = idOf({ at });
    return {
      id,
      group: 'mail',
      startedAt: new Date(at),
      state: 'unfinished',
      record: { run: id, entries: [], faults: [] },
      ...more,
    };
  };
  const failed = run(day(21), {
    state: 'failed',
    record: {
      run: idOf({ at: day(21) }),
      intent: intentFor({ at: day(21) }),
      entries: [],
      window: mailWindow(),
      result: resultOf(
        { at: day(21) },
        {
          fault: {
            code: 'array.refused',
            message: 'array bulk: the pool is full, 3.2 GiB left of 40 TiB',
            hint: 'Make room.',
          },
          mayBeHeld: ['db01'],
          exit: 6,
        },
      ),
      faults: ['journal.jsonl: 1 of its lines cannot be read'],
    },
  });
  const runs = [
    run(day(23), {}),
    run(day(22), {}),
    failed,
    run(day(20), {
      state: 'good',
      record: {
        run: idOf({ at: day(20) }),
        entries: [],
        faults: [],
        result: resultOf({ at: day(20) }, { state: 'good', exit: 0, because: [] }),
      },
    }),
  ];
  const running = new Set([idOf({ at: day(23) })]);
  const left: Leftover = {
    run: failed.id,
    group: 'mail',
    label: labelOf(1),
    array: 'fast',
    snapshots: mailSnapshots(labelOf(1)).slice(0, 2),
    why: 'the array did not answer',
  };
  const shown = { run: failed, running, leftovers: [left], log: `/var/lib/stillpoint/runs/${failed.id}/log.jsonl` };

  test('in a list', () => golden('runs', runListLines(runs, running)));
  test('in a list for machines', () => goldenJson('runs', runListDocument(runs, running)));
  test('one that failed, shown', () => golden('show-run', showRunLines(shown)));
  test('one that failed, shown for machines', () => goldenJson('show-run', showRunDocument(shown)));

  test('one that ended without a word, shown', () => {
    golden(
      'show-run-died',
      showRunLines({ run: run(day(22), {}), running, leftovers: [], log: '/s/runs/x/log.jsonl' }),
    );
  });
});

const rebuilt: readonly RebuiltEntry[] = [
  { id: labelOf(1), state: 'rebuilt', set: rebuiltOf(1, { unasked: ['cold'], mayBe: [idOf({ seed: 9 })] }) },
  { id: labelOf(2), state: 'adopted', set: rebuiltOf(2, { adopted: ADOPTED }) },
  {
    id: labelOf(3),
    state: 'removing',
    set: rebuiltOf(3, { adopted: ADOPTED, snapshots: rebuiltOf(3).snapshots.slice(3) }),
    removal: { v: 1, since: day(26), because: 'removed by hand', gone: [] },
  },
  { id: labelOf(4), state: 'unreadable', why: '/s/rebuilt/x/set.json: it is not whole JSON' },
];

describe('what was rebuilt from the arrays', () => {
  const [first, second] = rebuilt;
  if (first === undefined || first.state === 'unreadable') throw new Error('the first can be read');
  if (second === undefined || second.state === 'unreadable') throw new Error('the second can be read');
  const report: RebuildReport = {
    changes: [
      { kind: 'write', set: first.set, was: 'nothing' },
      { kind: 'write', set: rebuiltOf(5), was: 'unreadable' },
      { kind: 'stay', set: rebuiltOf(6) },
      { kind: 'forget', id: labelOf(7), because: 'no array shows it any more' },
    ],
    left: ['array cold could not be asked: no route to host'],
    exit: 3,
  };

  test('is listed below the sets', () => golden('list-rebuilt', rebuiltListLines(rebuilt)));
  test('one that nobody has adopted, shown', () => golden('show-rebuilt', showRebuiltLines(first)));
  test('one that was adopted, shown', () => golden('show-adopted', showRebuiltLines(second)));
  test('shown for machines', () => goldenJson('show-rebuilt', showRebuiltDocument(first)));
  test('the work of rebuilding', () => golden('rebuild', rebuildLines(report, 'mend')));
  test('of which there is none', () =>
    golden('rebuild-none', rebuildLines({ changes: [], left: [], exit: 0 }, 'look')));
  test('what is asked before an adoption', () => golden('adopt', adoptLines({ set: first.set }, new Date(day(26)))));
});

describe('the status', () => {
  const fine: GroupStatus = {
    group: 'mail',
    lastGood: { id: idOf(), takenAt: day(22), ageMs: 6 * 3_600_000, levelText: 'filesystem (boot disks: crash)' },
    kept: 14,
    weak: 0,
    broken: [],
    failedSince: [],
    leftovers: [],
    outOfSight: [],
    mayBeHeld: [],
    fine: true,
  };
  const { lastGood: _, ...nothing } = fine;
  const none: GroupStatus = { ...nothing, group: 'hr', kept: 0, fine: false };
  const bad: GroupStatus = {
    ...fine,
    group: 'Prüfung',
    weak: 2,
    tooOldMs: 26 * 3_600_000,
    aheadMs: 7 * 86_400_000,
    outOfSight: [idOf({ group: 'Prüfung', at: day(19) })],
    mayBeHeld: [{ run: idOf({ group: 'Prüfung', at: day(18) }), vms: ['mail01', 'db01'] }],
    running: idOf({ group: 'Prüfung', at: day(23) }),
    failedSince: [idOf({ group: 'Prüfung', at: day(22) }), idOf({ group: 'Prüfung', at: day(21) })],
    broken: [{ id: idOf({ group: 'Prüfung', at: day(20) }), why: 'manifest.json: it is not whole JSON' }],
    leftovers: [
      {
        run: idOf(),
        group: 'mail',
        label: labelOf(1),
        array: 'bulk',
        snapshots: [],
        why: 'the run crashed or was killed (no result recorded)',
      },
    ],
    fine: false,
  };
  const owner = {
    machine: 'm',
    boot: 'b',
    namespace: 'n',
    pid: 4711,
    startedAt: '1',
    key: 'vm:1',
    shown: 'guest mail01',
    run: idOf(),
    user: 'backup',
    host: 'runner-2',
    since: day(22),
    nonce: '0'.repeat(24),
  };
  const lock = (more: Partial<typeof owner>, liveness: 'alive' | 'gone' | 'elsewhere'): HeldLock => {
    return { kind: 'held', owner: { ...owner, ...more }, liveness };
  };
  const locks: readonly HeldLock[] = [
    lock({ shown: 'group mail' }, 'alive'),
    ...Array.from({ length: 8 }, (_, index) => lock({ shown: `guest mail0${index}` }, 'alive')),
    lock({ run: idOf({ seed: 2 }), shown: 'group hr' }, 'elsewhere'),
    lock({ run: idOf({ seed: 3 }), shown: 'array fast: hr_db' }, 'gone'),
    { kind: 'unreadable', file: '/var/lib/stillpoint/locks/vm_1.lock' },
  ];

  test('of groups with and without trouble', () => golden('status', statusLines([fine, none, bad], locks, rebuilt)));
  test('for machines', () => goldenJson('status', statusDocument([fine, none, bad], locks, rebuilt)));
  test('before the help', () => golden('home', homeLines('./stillpoint.yaml', [fine, none])));
});

describe('what went wrong', () => {
  test('a fault names the thing, what is true, what to do, and the log last', () => {
    const fault = new Fault({
      code: 'array.group-too-large',
      message:
        'array pure-a: protection group of 14 volumes, limit is 10, and the others of this sentence make it longer than a line',
      hint: 'Split the group, or set arrays.pure-a.maxGroup.',
      exit: 5,
    });
    const place = {
      log: '/var/lib/stillpoint/runs/x/log.jsonl',
      set: idOf(),
      because: ['guest db01 did not answer', fault.message],
    };
    golden('fault', faultLines(fault, place));
  });

  test('a message of several lines keeps them, a long path is not broken', () => {
    const message = `guest mail01: its host key is not known\nSHA256:${'A'.repeat(43)}\n/home/somebody/with/a/very/long/path/that/does/not/end/before/the/line/does/known_hosts`;
    golden('fault-lines', faultLines(new Fault({ code: 'ssh.host-key-unknown', message, hint: 'Add this line.' })));
  });

  test('a hint of several lines keeps them; what is to be copied stays as it is', () => {
    const hint = `Compare the fingerprint with the server's own console. If it is the same, write\n  vsphere:\n    tls: { fingerprint: "SHA256:${'AB:'.repeat(31)}AB" }\nor name the authority that signed it: tls: { ca: FILE }.`;
    const fault = new Fault({
      code: 'vsphere.unknown-certificate',
      message: 'vc.test: its certificate is signed by itself',
      hint,
    });
    golden('fault-hint', faultLines(fault));
    golden('check-hint', checkLines([{ ...fault, subject: 'vSphere', message: fault.message, hint, stands: false }]));
  });

  test('findings, worst first', () => golden('findings', findingLines([...mailPlan().findings].reverse(), render)));
});

describe('what verify says', () => {
  const sound: readonly Verified[] = [
    {
      subject: 'array zbox',
      is: 'not-looked-at',
      code: 'verify.shows-nothing',
      message: 'its driver (command) shows nothing of what is in its snapshots',
      hint: 'Say arrays.zbox.expose, to have them looked into.',
    },
    {
      subject: 'manifest',
      is: 'as-recorded',
      code: 'verify.manifest',
      message: 'its checksum matches: a good set, filesystem (boot disks: crash), 4 snapshots',
    },
    {
      subject: 'fast: mail_db',
      is: 'as-recorded',
      code: 'verify.snapshot',
      message: `snapshot ${labelOf(1)}-mail_db: id, source, size and time as recorded`,
    },
    {
      subject: 'fast: mail_db',
      is: 'as-recorded',
      code: 'verify.file-system',
      message:
        'ext4: needs no recovery (needs_recovery is not set), as mail01 scsi0:1 was held; e2fsck -fn finds nothing wrong',
    },
  ];
  const broken: readonly Verified[] = [
    {
      subject: 'fast: db_data',
      is: 'wrong',
      code: 'verify.gone',
      message: `snapshot ${labelOf(1)}-db_data is not on its array`,
      hint: 'The set is no longer whole. Take a new one: stillpoint snapshot mail',
    },
    {
      subject: 'array bulk',
      is: 'unreachable',
      code: 'ssh.unreachable',
      message: 'bulk.example: no answer within 10 s',
      hint: 'Is it up? Is the network?',
    },
    {
      subject: 'array fast',
      is: 'worth-knowing',
      code: 'verify.clock',
      message: 'its clock was 64.5 s behind ours when it took its snapshots, all of them alike',
      hint: 'Give the array and this machine the same time (NTP).',
    },
  ];

  test('of a set that is what it was, and of one that is not', () => {
    golden('verify', verifyLines(idOf(), sound));
    golden('verify-broken', verifyLines(idOf(), [...broken, ...sound]));
    goldenJson('verify', verifyDocument(idOf(), [...broken, ...sound]));
  });
});
