import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { btrfs } from '../../src/arrays/btrfs/driver.ts';
import { commandConfig } from '../../src/arrays/command/config.ts';
import { command } from '../../src/arrays/command/driver.ts';
import { rowsIn } from '../../src/arrays/command/rows.ts';
import type { ShellParts } from '../../src/arrays/parts.ts';
import { reflink } from '../../src/arrays/reflink/driver.ts';
import { systemClock } from '../../src/base/clock.ts';
import { deadline } from '../../src/base/deadline.ts';
import { labelIn } from '../../src/label.ts';
import type { ArraySnapshot, CutLabel, DeviceKey } from '../../src/model.ts';
import type { ArrayDriver } from '../../src/ports.ts';
import { patient } from '../patience.ts';
import { mutated } from './kit/mutated.ts';
import { runs, settles, survives } from './kit/survives.ts';

const LABEL = 'spaaaaaaaaaaaaa';
const UUID = 'c5c98e10-a228-0346-8d0d-c4197fc20e42';
const PARENT = '6c640516-6c94-8f40-b026-8ebca11c0b2d';

const SETTINGS = { root: '/array', snapshots: '.stillpoint', parallel: 1 };

const ROW = '^(?<volume>[^@]+)@(?<snapshot>\\S+)\\t(?<id>\\d+)\\t(?<unixtime>\\d+)$';
const LINES = `tank/db01@${LABEL}\t11832471163370453377\t1795356048\ntank/files@daily\t77\t1795300000\n`;
const JSON_FIELDS = { rows: '$.snaps[*]', volume: 'vol.name', snapshot: 'name', id: 'uid', time: 'created' };
const JSON_TEXT = JSON.stringify({
  snaps: [
    { vol: { name: 'mail' }, name: `${LABEL}-mail`, uid: 'u-1', created: '2026-11-22T14:00:00Z', size: 1099511627776 },
    { vol: { name: 'db' }, name: 'nightly', uid: 18446744073709551615n.toString(), created: null, tags: [[], {}] },
  ],
  total: 2,
});
const BTRFS = [
  'lun0\n\tName: \t\t\tlun0\n\tUUID: \t\t\tc5c98e10-a228-0346-8d0d-c4197fc20e42\n\tParent UUID: \t\t-\n\tSubvolume ID: \t\t258\n',
  `ID 258 gen 7 top level 5 parent_uuid - uuid ${PARENT} path lun0\nID 259 gen 8 cgen 8 top level 5 otime 2026-11-22 14:13:07 parent_uuid ${PARENT} uuid ${UUID} path .stillpoint/${LABEL}-lun0\n`,
  '1073741824 /array/lun0\n4096 /array/lun0\n',
];
const REFLINK = [
  `regular file|131|1795356048.123456789|1073741824|/array/lun0.img\0regular file|132|1795356049.000000000|1073741824|/array/.stillpoint/${LABEL}-lun0.img@131-1795356048.123456789\0`,
];

describe('whatever a listing holds', () => {
  const find = { run: ['x'] as [string] };
  const needed = ['volume', 'snapshot'] as const;

  test.each([
    ['lines', { ...find, row: ROW }, LINES],
    ['JSON', { ...find, json: JSON_FIELDS }, JSON_TEXT],
  ])('as %s gives rows that are fit to stand in a command, or a Fault', (_, listing, recording) => {
    fc.assert(
      fc.property(mutated([recording], [LABEL]), (said) => {
        const { rows } = survives(() => rowsIn(listing, said.toString(), needed)) ?? { rows: [] };
        for (const value of rows.flatMap((row) => Object.values(row))) {
          expect(value).not.toMatch(/^-|^$|[\p{Cc}\p{Cs}\ufffd]/u);
          expect(Buffer.byteLength(value)).toBeLessThanOrEqual(190);
        }
      }),
      runs(120),
    );
  });

  test.each([
    ['nested without end', '['.repeat(5_000_000), 'array.no-json'],
    ['nested, and closed again', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'array.no-json'],
    ['of rows without end', `[${'{},'.repeat(100_000)}{}]`, 'array.too-many-rows'],
  ])('JSON %s is refused', (_, text, code) => {
    const rows = (): unknown => rowsIn({ ...find, json: { ...JSON_FIELDS, rows: '$[*]' } }, text, needed);
    expect(rows).toThrow(expect.objectContaining({ code }));
  });

  test('lines without end are refused', () => {
    const rows = (): unknown => rowsIn({ ...find, row: ROW }, 'x\n'.repeat(100_001), needed);
    expect(rows).toThrow(expect.objectContaining({ code: 'array.too-many-rows' }));
  });

  test('brackets inside of text are no nesting', () => {
    const text = JSON.stringify([{ vol: { name: '['.repeat(100) }, name: '\\"[{' }]);
    expect(rowsIn({ ...find, json: { ...JSON_FIELDS, rows: '$[*]' } }, text, needed).rows).toHaveLength(1);
  });
});

describe('whatever the programs of an array print', () => {
  const MAKES: readonly (readonly [string, (parts: ShellParts) => ArrayDriver, readonly string[]])[] = [
    ['btrfs', (parts) => btrfs('a', SETTINGS, parts), BTRFS],
    ['reflink', (parts) => reflink('a', SETTINGS, parts), REFLINK],
    ['command', (parts) => command('a', commandSettings({ row: ROW }), parts), [LINES]],
    ['command, JSON', (parts) => command('a', commandSettings({ json: JSON_FIELDS }), parts), [JSON_TEXT]],
  ];

  test.each(MAKES)('%s answers or refuses, and removes nothing that it cannot tell', async (_, make, recordings) => {
    const ours: ArraySnapshot = {
      array: 'a',
      label: labelled(LABEL),
      id: '1:2',
      name: `${LABEL}-lun0`,
      source: { id: PARENT, name: 'lun0' },
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(mutated(recordings, [LABEL, '/array/']), { minLength: 1, maxLength: 4 }),
        async (said) => {
          const { driver, ran } = driverSaying(make, said.map(String));
          const limit = deadline(systemClock, patient(5000), 'the test');
          const devices = ['naa.60' as DeviceKey];
          await settles(driver.check(limit));
          await settles(driver.locate(devices, limit));
          for (const found of (await settles(driver.findAll(limit))) ?? []) {
            expect(labelIn(found.name)).toBe(found.label);
            if (found.createdAt !== undefined) expect(new Date(found.createdAt).getTime()).not.toBeNaN();
          }
          await settles(driver.find(labelled(LABEL), limit));
          const before = ran.length;
          await settles(driver.remove(ours, limit));
          expect(ran.slice(before).filter((argv) => /\b(delete|-delete|destroy)\b/.test(argv.join(' ')))).toEqual([]);
          limit.done();
        },
      ),
      runs(120),
    );
  });
});

describe('a number that is none', () => {
  const [shown = '', listed = ''] = BTRFS;
  const soon = () => deadline(systemClock, patient(5000), 'the test');

  test('is no birth of a clone', async () => {
    const file = `regular file|132|${'9'.repeat(40)}.000000000|1|/array/.stillpoint/${LABEL}-lun0.img@1\0`;
    const { driver } = driverSaying((parts) => reflink('a', SETTINGS, parts), [file]);
    expect(await driver.findAll(soon())).toEqual([]);
  });

  test('is no size of a subvolume, and no time of a snapshot', async () => {
    const odd = listed.replace('2026-11-22', '9999-99-99');
    const { driver } = driverSaying((parts) => btrfs('a', SETTINGS, parts), [], {
      show: shown.replace('lun0', '/'),
      list: odd,
      find: 'many /array/lun0\n',
    });
    expect([...(await driver.locate(['naa.60' as DeviceKey], soon())).values()]).toMatchObject([{ sizeBytes: 0n }]);
    expect(await driver.findAll(soon())).toEqual([expect.not.objectContaining({ createdAt: expect.anything() })]);
  });
});

describe('a job that an array names', () => {
  test.each(['-rf', '--help', 'a\u001bb', '\ufffd', 'x'.repeat(300)])('as %j is never asked after', async (job) => {
    const settings = commandSettings({
      row: ROW,
      snapshot: { run: ['cli', 'snap', '<volume>', '<snapshot>'], job: '^job (?<job>.+)$' },
      settled: { run: ['cli', 'job', '<job>'], done: 'ok' },
    });
    const { driver, ran } = driverSaying((parts) => command('a', settings, parts), [`job ${job}\n`], { find: '' });
    const limit = deadline(systemClock, patient(5000), 'the test');
    const units = await driver.group([{ array: 'a', id: 'v', name: 'v', sizeBytes: 0n, container: 'v' }], limit);
    const armed = await driver.arm(units, labelled(LABEL), limit);
    expect(await armed.fire(limit)).toMatchObject([{ kind: 'unknown' }]);
    expect(ran.filter(([, verb]) => verb === 'job')).toEqual([]);
    limit.done();
  });
});

function commandSettings(
  change: { readonly row?: string; readonly json?: object } & Readonly<Record<string, unknown>>,
) {
  const { row, json, ...more } = change;
  return commandConfig.parse({
    local: true,
    answers: more.settled === undefined ? 'cut' : 'accepted',
    snapshot: { run: ['cli', 'snap', '<volume>', '<snapshot>'] },
    find: { run: ['cli', 'find'], ...(row === undefined ? { json } : { row }) },
    remove: { run: ['cli', 'delete', '<volume>@<snapshot>'] },
    ...more,
  });
}

/** A driver whose programs say these things in turn, whatever they are asked. */
function driverSaying(
  make: (parts: ShellParts) => ArrayDriver,
  said: readonly string[],
  fixed: Readonly<Record<string, string>> = {},
): { readonly driver: ArrayDriver; readonly ran: readonly (readonly string[])[] } {
  const ran: (readonly string[])[] = [];
  const driver = make({
    clock: systemClock,
    volumes: [{ name: 'lun0', device: 'naa.60' as DeviceKey }],
    shell: async () => ({
      where: 'box',
      async run(argv) {
        ran.push(argv);
        const known = Object.keys(fixed).find((word) => argv.includes(word));
        return {
          exit: 0,
          stdout: known === undefined ? (said[ran.length % said.length] ?? '') : (fixed[known] ?? ''),
          stderr: '',
        };
      },
      start: () => Promise.reject(new Error('nothing is started here')),
      close: async () => {},
    }),
  });
  return { driver, ran };
}

function labelled(text: string): CutLabel {
  const found = labelIn(text);
  if (found === undefined) throw new Error(`${text} is no label`);
  return found;
}
