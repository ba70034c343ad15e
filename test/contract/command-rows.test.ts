import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { commandConfig } from '../../src/arrays/command/config.ts';
import { rowsIn } from '../../src/arrays/command/rows.ts';
import { driverOver, LABEL, soon, volumes, XCLI } from './command-table.ts';

describe('rows of JSON', () => {
  const rows = (json: object, document: unknown) =>
    rowsIn({ run: ['x'], json: json as never }, JSON.stringify(document), ['volume']).rows.map(({ volume }) => volume);

  test.each([
    ['[*]', [{ v: 'a' }, { v: 'b' }]],
    ['$[*]', [{ v: 'a' }, { v: 'b' }]],
    ['snaps[*]', { snaps: [{ v: 'a' }, { v: 'b' }] }],
    ['$.snaps[*]', { snaps: [{ v: 'a' }, { v: 'b' }] }],
    ['[0].snaps[*]', [{ snaps: [{ v: 'a' }, { v: 'b' }] }, { snaps: [{ v: 'c' }] }]],
    ['pools[*].snaps', { pools: [{ snaps: { v: 'a' } }, { snaps: { v: 'b' } }] }],
  ])('%s leads to them', (path, document) => {
    expect(
      commandConfig.safeParse({ ...parse(XCLI), list: { run: ['x'], json: { rows: path, volume: 'v' } } }).success,
    ).toBe(true);
    expect(rows({ rows: path, volume: 'v' }, document)).toEqual(['a', 'b']);
  });

  test('can be plain values', () => {
    expect(rows({ rows: '[*]', volume: '$' }, ['a', 'b'])).toEqual(['a', 'b']);
  });

  test('are those whose fields match', () => {
    const all = [
      { v: 'a', kind: 'lun', of: { pool: 'p1' }, ok: true },
      { v: 'b', kind: 'snap', of: { pool: 'p1' }, ok: true },
      { v: 'c', of: {}, ok: false },
    ];
    expect(rows({ rows: '[*]', volume: 'v', where: { kind: '^lun$' } }, all)).toEqual(['a']);
    expect(rows({ rows: '[*]', volume: 'v', where: { kind: '^$' } }, all)).toEqual(['c']);
    expect(rows({ rows: '[*]', volume: 'v', where: { 'of.pool': '^p1$', kind: 'snap' } }, all)).toEqual(['b']);
    expect(rows({ rows: '[*]', volume: 'v', where: { ok: '^true$' } }, all)).toEqual(['a', 'b']);
  });
});

describe('a size', () => {
  const LISTED = `
local: true
answers: cut
snapshot: { run: [xcli, snap, <volume>, <snapshot>] }
find: { run: [xcli, find], row: '^(?<volume>\\S+) (?<snapshot>\\S+)$' }
remove: { run: [xcli, rm, <snapshot>] }
`;
  const located = async (row: string, line: string) => {
    const yaml = stringify({ ...parse(LISTED), list: { run: ['xcli', 'list'], row } });
    const { array } = driverOver(yaml, { 'xcli list': `${line}\n` }, ['mail']);
    const [volume] = await volumes(array);
    const findings = await array.check(soon());
    return { bytes: volume?.sizeBytes, codes: findings.map(({ code }) => code) };
  };

  test.each([
    ['mail 268435456', 268435456n],
    ['mail 268435456 B', 268435456n],
    ['mail 268435456 bytes', 268435456n],
    ['mail 256 MiB', 268435456n],
    ['mail 256MiB', 268435456n],
    ['mail 3 GiB', 3221225472n],
    ['mail 8 EiB', 9223372036854775808n],
  ])('%s is exact, whether the expression takes its unit or not', async (line, bytes) => {
    for (const row of [
      '^(?<volume>\\S+) (?<size>.+)$',
      '^(?<volume>\\S+) (?<size>\\d+).*$',
      '^(?<volume>\\S+) .*?(?<size>\\d) ?[a-zA-Z]*$',
    ]) {
      const { bytes: read, codes } = await located(row, line);
      expect(read).toBe(bytes);
      expect(codes).not.toContain('array.size-not-exact');
    }
  });

  test.each([
    'mail 1.5G',
    'mail 1.5 GiB',
    'mail 256 MB',
    'mail 256M',
    'mail 256 Mib',
    'mail 268,435,456',
    'mail 256 m',
  ])('%s need not be exact: it is told as unknown, and check says so', async (line) => {
    for (const row of ['^(?<volume>\\S+) (?<size>.+)$', '^(?<volume>\\S+) (?<size>\\d+).*$']) {
      const { bytes, codes } = await located(row, line);
      expect(bytes).toBe(0n);
      expect(codes).toContain('array.size-not-exact');
    }
  });

  test('ends where the next column begins', async () => {
    expect((await located('^(?<size>\\d+) (?<volume>\\S+)$', '268435456 mail')).bytes).toBe(268435456n);
  });
});

describe('a time', () => {
  const at = async (time: string) => {
    const { array } = driverOver(XCLI, {
      'xcli snap-list': JSON.stringify({ snaps: [{ vol: 'mail', name: `${LABEL}-mail`, uid: '1', created: time }] }),
    });
    return (await array.findAll(soon()))[0]?.createdAt;
  };

  test.each([
    ['Tue Dec  1 01:05:10 2026', '2026-12-01T01:05:10.000Z'],
    ['2026-12-01T01:05:10', '2026-12-01T01:05:10.000Z'],
    ['2026-12-01 01:05:10', '2026-12-01T01:05:10.000Z'],
    ['2026-12-01T01:05:10Z', '2026-12-01T01:05:10.000Z'],
    ['2026-12-01T01:05:10+02:00', '2026-11-30T23:05:10.000Z'],
    ['2026-12-01 01:05:10 +0200', '2026-11-30T23:05:10.000Z'],
    ['Tue, 01 Dec 2026 01:05:10 GMT', '2026-12-01T01:05:10.000Z'],
    ['1796087110', '2026-12-01T01:05:10.000Z'],
    ['yesterday', undefined],
  ])('%s is the same in every zone', async (text, iso) => {
    const before = process.env.TZ;
    try {
      process.env.TZ = 'Asia/Tokyo';
      expect(await at(text)).toBe(iso);
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });
});
