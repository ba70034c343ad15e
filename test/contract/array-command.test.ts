import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { commandConfig } from '../../src/arrays/command/config.ts';
import { rowsIn } from '../../src/arrays/command/rows.ts';
import { fill } from '../../src/arrays/command/template.ts';
import { Fault } from '../../src/base/fault.ts';
import type { CommandResult } from '../../src/ports.ts';
import { driverOver, LABEL, labelled, soon, volumes, XCLI } from './command-table.ts';

const ZFS = `
ssh: { host: zbox.shop.example, user: stillpoint }
answers: cut
snapshot: { run: [zfs, snapshot, { each: <volume>@<snapshot> }] }
find:     { run: [zfs, list, -Hp, -t, snapshot, -o, "name,guid,creation"], row: '^(?<volume>[^@]+)@(?<snapshot>\\S+)\\t(?<id>\\d+)\\t(?<unixtime>\\d+)$' }
remove:   { run: [zfs, destroy, <volume>@<snapshot>], gone: 'could not find any snapshots|does not exist' }
list:     { run: [zfs, list, -Hp, -t, "filesystem,volume", -o, name], row: '^(?<volume>\\S+)$' }
`;

const OTHER = 'spbbbbbbbbbbbbb';

describe('a pool that is spoken to with zfs', () => {
  const said = [
    `tank/db01-data@${LABEL}\t11832471163370453377\t1795356048`,
    `tank/files@${LABEL}\t9871\t1795356048`,
    'tank/files@zfs-auto-snap_daily-2026-11-22\t77\t1795300000',
  ];

  test('cuts all volumes with one command', async () => {
    const { array, ran } = driverOver(ZFS, {
      'zfs list -Hp -t snapshot': '',
      'zfs list -Hp -t filesystem,volume': 'tank/db01-data\ntank/files\n',
    });
    const armed = await array.arm(await array.group(await volumes(array), soon()), labelled(LABEL), soon());
    expect(armed.units).toHaveLength(1);
    expect((await armed.fire(soon())).map(({ kind }) => kind)).toEqual(['cut']);
    expect(ran.at(-1)).toEqual(['zfs', 'snapshot', `tank/db01-data@${LABEL}`, `tank/files@${LABEL}`]);
  });

  test('tells its own snapshots from those of others', async () => {
    const { array } = driverOver(ZFS, { 'zfs list -Hp -t snapshot': `${said.join('\n')}\n` });
    expect(await array.find(labelled(LABEL), soon())).toMatchObject([
      {
        id: '11832471163370453377',
        name: LABEL,
        source: { name: 'tank/db01-data' },
        createdAt: '2026-11-22T14:00:48.000Z',
      },
      { id: '9871', name: LABEL, source: { name: 'tank/files' } },
    ]);
    expect(await array.find(labelled(OTHER), soon())).toEqual([]);
    expect(await array.findAll(soon())).toHaveLength(2);
  });

  test('removes exactly one, and takes "does not exist" for done', async () => {
    const { array, ran } = driverOver(ZFS, {
      'zfs list -Hp -t snapshot': `${said.join('\n')}\n`,
      'zfs destroy': {
        exit: 1,
        stdout: '',
        stderr: 'could not find any snapshots to destroy; check snapshot names.\n',
      },
    });
    const [first] = await array.find(labelled(LABEL), soon());
    if (first === undefined) throw new Error('nothing was found');
    await array.remove(first, soon());
    expect(ran.at(-1)).toEqual(['zfs', 'destroy', `tank/db01-data@${LABEL}`]);
  });

  test('a snapshot of ours in a line that cannot be read stops it: nothing of ours is overlooked', async () => {
    const { array } = driverOver(ZFS, { 'zfs list -Hp -t snapshot': `tank/db01-data@${LABEL}\t-\t-\n` });
    await expect(array.find(labelled(LABEL), soon())).rejects.toMatchObject({ code: 'array.unread-row' });
    await expect(array.findAll(soon())).rejects.toMatchObject({ code: 'array.unread-row' });
    expect(await array.find(labelled(OTHER), soon())).toEqual([]);
  });
});

describe('a vendor CLI that prints JSON', () => {
  const listing = JSON.stringify({
    snaps: [
      { vol: 'mail', name: `${LABEL}-mail`, uid: 'u-1', created: '2026-11-22T14:00:00Z' },
      { vol: 'mail', name: 'nightly', uid: 'u-2', created: '2026-11-22T01:00:00Z' },
    ],
  });

  test('gets names that are unique on the whole array', async () => {
    const { array, ran } = driverOver(XCLI, { 'xcli snap-list': '{"snaps":[]}' }, ['mail', 'db']);
    const armed = await array.arm(await array.group(await volumes(array), soon()), labelled(LABEL), soon());
    await armed.fire(soon());
    expect(ran.slice(-2)).toEqual([
      ['xcli', 'snap-create', '-vol', 'mail', '-name', `${LABEL}-mail`],
      ['xcli', 'snap-create', '-vol', 'db', '-name', `${LABEL}-db`],
    ]);
  });

  test('is read by field', async () => {
    const { array } = driverOver(XCLI, { 'xcli snap-list': listing });
    expect(await array.findAll(soon())).toEqual([
      {
        array: 'box',
        label: LABEL,
        id: 'u-1',
        name: `${LABEL}-mail`,
        source: { id: 'mail', name: 'mail' },
        createdAt: '2026-11-22T14:00:00.000Z',
      },
    ]);
  });
});

describe('an array that tells the state of a snapshot', () => {
  const STATEFUL = `
local: true
answers: cut
snapshot: { run: [xcli, snap-create, -vol, <volume>, -name, <snapshot>] }
find:     { run: [xcli, snap-list], row: '^(?<volume>\\S+) (?<snapshot>\\S+) (?<id>\\S+) (?<size>\\d+) (?<state>\\S+)$', valid: '^(online|ready)$' }
remove:   { run: [xcli, snap-delete, <snapshot>] }
expose:   { run: [xcli, snap-map, <snapshot>], image: '^mapped (?<image>/dev/\\S+)$' }
withdraw: { run: [xcli, snap-unmap, <snapshot>], gone: 'not mapped' }
`;
  const listing = (state: string): string => `mail ${LABEL}-mail u-1 4096 ${state}\n`;

  test('has those in a state that is not valid called invalid, with the state', async () => {
    for (const [state, invalid] of [
      ['ready', undefined],
      ['dropped', "is in the state 'dropped'"],
    ] as const) {
      const { array } = driverOver(STATEFUL, { 'xcli snap-list': listing(state) });
      const [found] = await array.find(labelled(LABEL), soon());
      expect(found).toMatchObject({ id: 'u-1', sizeBytes: 4096n });
      expect(found?.invalid).toBe(invalid);
    }
  });

  test('shows one under the path that it prints, and takes it away when it prints none', async () => {
    const answers = {
      'xcli snap-list': listing('ready'),
      'xcli snap-map': 'mapped /dev/mapped7\n',
      'xcli snap-unmap': '',
    };
    const { array, ran } = driverOver(STATEFUL, answers);
    const [found] = await array.find(labelled(LABEL), soon());
    if (found === undefined) throw new Error('nothing was found');
    expect(await array.expose?.(found, soon())).toMatchObject({ image: '/dev/mapped7' });
    expect(ran.at(-1)).toEqual(['xcli', 'snap-map', `${LABEL}-mail`]);

    const silent = driverOver(STATEFUL, { ...answers, 'xcli snap-map': 'done\n' });
    await expect(silent.array.expose?.(found, soon())).rejects.toMatchObject({ code: 'array.no-image' });
    expect(silent.ran.at(-1)).toEqual(['xcli', 'snap-unmap', `${LABEL}-mail`]);
  });

  test('needs a state to have valid ones, and an expose to have a withdraw', () => {
    const sound = parse(STATEFUL);
    const { valid, row } = sound.find;
    const stateless = { ...sound, find: { run: ['x'], valid, row: row.replace('state', 'id2') } };
    expect(commandConfig.safeParse(sound).success).toBe(true);
    expect(commandConfig.safeParse(stateless).error?.message).toContain('nothing tells the state');
    const { expose: _, ...hidden } = sound;
    expect(commandConfig.safeParse(hidden).error?.message).toContain('withdraw needs an expose');
  });
});

describe('what the topology says of a command', () => {
  const sound = parse(XCLI);

  test.each([
    [
      'an unknown placeholder',
      { snapshot: { run: ['x', '<volume>', '<snapshot>', '<pool>'] } },
      '<pool> cannot stand here',
    ],
    [
      'a program made of a placeholder',
      { snapshot: { run: ['<volume>', '<snapshot>'] } },
      'the program itself is a fixed word',
    ],
    [
      'two lists of volumes',
      { snapshot: { run: ['x', { each: '<volume>' }, { each: '<snapshot>' }] } },
      'only one argument',
    ],
    ['no volume', { snapshot: { run: ['x', '<snapshot>'] } }, 'what is snapshotted'],
    [
      'a placeholder where nothing is known yet',
      { find: { run: ['x', '<label>'], row: '(?<volume>.)(?<snapshot>.)' } },
      'what can: <volume>',
    ],
    ['a volume where none is', { list: { run: ['x', '<volume>'], row: '(?<volume>.)' } }, 'no placeholder can'],
    [
      'a find of each volume that nothing lists',
      { find: { run: ['x', '<volume>'], row: '(?<snapshot>.)' } },
      'and there is no list',
    ],
    ['a find that tells no volume', { find: { run: ['x'], row: '(?<snapshot>.)' } }, 'nothing tells the volume'],
    [
      'a filter that is no expression',
      { find: { ...sound.find, json: { ...sound.find.json, where: { vol: '(' } } } },
      'no regular expression',
    ],
    ['a row without its groups', { find: { run: ['x'], row: '(?<volume>.)' } }, 'the row lacks (?<snapshot>…)'],
    ['a row that is no expression', { find: { run: ['x'], row: '(?<volume>' } }, 'no regular expression'],
    ['two ways to read a row', { find: { ...sound.find, row: '(?<volume>.)(?<snapshot>.)' } }, 'either row:'],
    [
      'a path that computes',
      { find: { ...sound.find, json: { ...sound.find.json, rows: '$.snaps[?(@.a)]' } } },
      'a path like',
    ],
    [
      'an id that find does not tell',
      { find: { run: ['x'], row: '(?<volume>.)(?<snapshot>.)' }, remove: { run: ['x', '<id>'] } },
      '<id> is known only',
    ],
    [
      'a removal of everything with that label',
      { name: '<label>', remove: { run: ['x', '<snapshot>'] } },
      'it has to name one snapshot',
    ],
    ['a job that nothing finds', { settled: { run: ['x', '<job>'], done: 'ok' } }, '<job> is known only'],
    [
      'a question that yesterday’s job could answer',
      { settled: { run: ['x', 'last-job-of', '<volume>'], done: 'ok' } },
      'which snapshot it asks about',
    ],
    ['arming without disarming', { arm: { run: ['x', '<label>'] } }, 'arm needs a disarm'],
    ['two places', { ssh: { host: 'box' } }, 'where its commands run'],
    [
      'a name of one volume in a command for all',
      { snapshot: { run: ['x', '<snapshot>', { each: '<volume>' }] } },
      'cannot speak of one volume',
    ],
    [
      'a repetition where there is one volume',
      { remove: { run: ['x', '<snapshot>', { each: '<volume>' }] } },
      'each can stand only',
    ],
    ['an unknown key', { snapshoot: {} }, 'snapshoot'],
  ])('%s is a finding', (_, change, said) => {
    const outcome = commandConfig.safeParse({ ...sound, ...change });
    expect(outcome.success).toBe(false);
    expect(outcome.error?.issues.map((issue) => issue.message).join('\n')).toContain(said);
  });

  test('a value stays inside its argument, whatever it holds', () => {
    const volume = `a b"; rm -rf / #$(id)'<snapshot>`;
    expect(fill(['x', '-vol=<volume>', { each: '<volume>@<snapshot>' }], [{ volume, snapshot: 's' }])).toEqual([
      'x',
      `-vol=${volume}`,
      `${volume}@s`,
    ]);
  });

  test('rows that hold what must not reach a command are no rows', () => {
    const listing = { run: ['x'] as [string], row: '^(?<volume>.*)@(?<snapshot>.*)$' };
    const { rows, unread } = rowsIn(listing, 'good@one\n-rf@two\n@three\n', ['volume', 'snapshot']);
    expect(rows).toEqual([{ volume: 'good', snapshot: 'one' }]);
    expect(unread).toEqual(['-rf@two', '@three']);
  });

  test('a line longer than 4096 characters is no row', () => {
    const listing = { run: ['x'] as [string], row: '^(?<volume>a)b*@(?<snapshot>c)$' };
    const long = `a${'b'.repeat(5000)}@c`;
    expect(rowsIn(listing, `${long}\nab@c\n`, ['volume', 'snapshot'])).toMatchObject({ rows: [{}], unread: [long] });
  });

  test('an id of more digits than a number holds is not guessed', () => {
    const listing = { run: ['x'] as [string], json: { rows: '$[*]', volume: 'v', snapshot: 'meta.name', id: 'id' } };
    const text = '[{"v":"a","meta":{"name":"s"},"id":11832471163370453377},{"v":"__proto__","meta":{},"id":1}]';
    const { rows, unread } = rowsIn(listing, text, ['volume', 'snapshot']);
    expect(rows).toEqual([{ volume: 'a', snapshot: 's' }]);
    expect(unread).toHaveLength(1);
  });
});

describe('commands that prepare', () => {
  const yaml = stringify({
    ...parse(XCLI),
    arm: { run: ['xcli', 'group-create', '<label>', { each: '<volume>' }] },
    disarm: { run: ['xcli', 'group-delete', '<label>'], gone: 'no such group' },
  });

  test('run once before the window, and are taken back by label alone', async () => {
    const { array, ran } = driverOver(yaml, { 'xcli snap-list': '{"snaps":[]}' }, ['mail', 'db']);
    await array.arm(await array.group(await volumes(array), soon()), labelled(LABEL), soon());
    expect(ran.at(-1)).toEqual(['xcli', 'group-create', LABEL, 'mail', 'db']);
    await array.disarm(labelled(LABEL), soon());
    expect(ran.at(-1)).toEqual(['xcli', 'group-delete', LABEL]);
  });

  test('are not repeated when their answer was lost', async () => {
    const lost = new Fault({ code: 'ssh.line-lost', message: 'box: the line was lost' });
    const { array, ran } = driverOver(yaml, { 'xcli snap-list': '{"snaps":[]}', 'xcli group-create': lost }, ['mail']);
    const units = await array.group(await volumes(array), soon());
    await expect(array.arm(units, labelled(LABEL), soon())).rejects.toMatchObject({ code: 'ssh.line-lost' });
    expect(ran.filter(([, verb]) => verb === 'group-create')).toHaveLength(1);
  });

  test('have nothing to take back where the array says so', async () => {
    const nothing = { exit: 4, stdout: '', stderr: 'error: no such group' };
    const { array } = driverOver(yaml, { 'xcli group-delete': nothing });
    expect(await array.disarm(labelled(LABEL), soon())).toEqual([]);
  });
});

describe('an array that is asked for the snapshots of each volume', () => {
  const RBD = `
local: true
answers: success-only
late: 1m
snapshot: { run: [rbd, snap, create, "rbd/<volume>@<snapshot>"] }
find:
  run: [rbd, snap, ls, "rbd/<volume>", --format, json]
  json: { rows: "[*]", snapshot: name, id: id, size: size, time: timestamp }
  none: 'error opening image .*No such file or directory'
remove: { run: [rbd, snap, rm, "rbd/<volume>@<snapshot>"] }
list:
  run: [rbd, ls, --long, rbd, --format, json]
  json: { rows: "[*]", where: { snapshot: '^$' }, volume: image, size: size }
`;
  const images = JSON.stringify([
    { image: 'mail', size: 268435456, format: 2 },
    { image: 'mail', snapshot: LABEL, snapshot_id: 4, size: 268435456, protected: 'false' },
    { image: 'db', size: 314572800, format: 2 },
  ]);
  const ofMail = JSON.stringify([
    { id: 4, name: LABEL, size: 268435456, protected: 'false', timestamp: 'Tue Dec  1 01:05:10 2026' },
    { id: 9, name: 'nightly', size: 268435456, protected: 'false', timestamp: 'Tue Dec  1 00:05:10 2026' },
  ]);
  const answers = { 'rbd ls': images, 'rbd snap ls rbd/mail': ofMail, 'rbd snap ls rbd/db': '[]' };

  test('finds those of every volume that it lists, each under its volume', async () => {
    const { array, ran } = driverOver(RBD, answers, ['mail', 'db']);
    expect(await array.find(labelled(LABEL), soon())).toEqual([
      {
        array: 'box',
        label: LABEL,
        id: '4',
        name: LABEL,
        source: { id: 'mail', name: 'mail' },
        sizeBytes: 268435456n,
        createdAt: '2026-12-01T01:05:10.000Z',
      },
    ]);
    expect(ran.filter(([, verb]) => verb === 'snap').map(([, , , image]) => image)).toEqual(['rbd/mail', 'rbd/db']);
  });

  test('asks for those of its own volumes while it arms and collects', async () => {
    const { array, ran } = driverOver(RBD, { ...answers, 'rbd snap ls rbd/mail': '[]' }, ['mail']);
    const armed = await array.arm(await array.group(await volumes(array), soon()), labelled(LABEL), soon());
    await armed.recheck(soon());
    await armed.collect(soon());
    expect(
      ran.filter(([, verb, noun]) => `${verb} ${noun}` === 'snap ls').every(([, , , of]) => of === 'rbd/mail'),
    ).toBe(true);
  });

  test('a volume that has gone meanwhile has no snapshots', async () => {
    const gone = { exit: 2, stdout: '', stderr: 'rbd: error opening image db: (2) No such file or directory\n' };
    const { array } = driverOver(RBD, { ...answers, 'rbd snap ls rbd/db': gone });
    expect(await array.findAll(soon())).toHaveLength(1);
  });

  test('one that cannot be asked stops it: nothing of ours is overlooked', async () => {
    const broken = { exit: 1, stdout: '', stderr: 'rbd: error connecting to the cluster' };
    const { array } = driverOver(RBD, { ...answers, 'rbd snap ls rbd/db': broken });
    await expect(array.findAll(soon())).rejects.toMatchObject({ code: 'array.command-failed' });
  });

  test('asks once for all of them with an each', async () => {
    const yaml = stringify({
      ...parse(RBD),
      find: { run: ['rbdall', { each: 'rbd/<volume>' }], row: '^(?<volume>\\S+)@(?<snapshot>\\S+)$' },
    });
    const { array, ran } = driverOver(yaml, { 'rbd ls': images, rbdall: `mail@${LABEL}\n` });
    expect(await array.findAll(soon())).toMatchObject([{ name: LABEL, source: { name: 'mail' } }]);
    expect(ran.at(-1)).toEqual(['rbdall', 'rbd/mail', 'rbd/db']);
  });

  test('says how long a snapshot may still appear after a failure; two minutes unless told', () => {
    expect(driverOver(RBD, {}).array.traits).toMatchObject({ lateMs: 60_000, answers: 'cut' });
    expect(driverOver(XCLI, {}).array.traits.lateMs).toBe(120_000);
  });
});

describe('how a command ended, and what that proves', () => {
  const fault = (code: string): Fault => new Fault({ code, message: 'box: something about the line' });
  const ended = (exit: number | null, stderr = ''): CommandResult => ({ exit, stdout: '', stderr });
  const accepts = { answers: 'accepted' };
  const only = { answers: 'success-only' };
  const asks = { ...accepts, settled: { run: ['xcli', 'state', '<snapshot>'], done: '^ok$', failed: '^broken' } };

  test.each([
    ['exit 0 of an array that answers', {}, ended(0), 'cut'],
    ['any other exit of it', {}, ended(5, 'snapshot reserve is full'), 'refused'],
    ['a program that is not there', {}, ended(127, 'xcli: not found'), 'refused'],
    ['a command that was not started', {}, fault('command.not-started'), 'refused'],
    ['a line that was lost', {}, fault('ssh.line-lost'), 'unknown'],
    ['a command that was killed', {}, ended(null), 'unknown'],
    ['exit 0 of an array that only accepts', accepts, ended(0), 'unknown'],
    ['any other exit of it', accepts, ended(5, 'time-out'), 'unknown'],
    ['a program that is not there, there too', accepts, ended(127), 'refused'],
    [
      'what the topology knows as a refusal',
      { ...accepts, refused: 'reserve' },
      ended(5, 'E12: reserve is full'),
      'refused',
    ],
    ['an accepted snapshot that is taken', asks, ended(0), 'cut'],
    ['exit 0 where only success proves something', only, ended(0), 'cut'],
    ['any other exit there', only, ended(17, 'rbd: failed to create snapshot: (17) File exists'), 'unknown'],
    ['a program that is not there, there', only, ended(127), 'unknown'],
    ['a command that was killed, there', only, ended(null), 'unknown'],
    [
      'what the topology knows as a refusal, there',
      { ...only, refused: 'quota' },
      ended(122, 'quota exceeded'),
      'refused',
    ],
  ])('%s: %j', async (_, { refused, ...change }: { refused?: string; answers?: string }, result, kind) => {
    const base = parse(XCLI);
    const yaml = stringify({ ...base, ...change, snapshot: { ...base.snapshot, ...(refused && { refused }) } });
    const { array, ran } = driverOver(
      yaml,
      { 'xcli snap-list': '{"snaps":[]}', 'xcli snap-create': result, 'xcli state': 'ok' },
      ['mail'],
    );
    const armed = await array.arm(await array.group(await volumes(array), soon()), labelled(LABEL), soon());
    expect((await armed.fire(soon())).map((fired) => fired.kind)).toEqual([kind]);
    expect(ran.filter(([, verb]) => verb === 'snap-create')).toHaveLength(1);
    expect((await armed.collect(soon())).settled).toBe(kind !== 'unknown');
  });
});
