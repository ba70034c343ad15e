import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LEDGER_FILE } from '../../src/ledger/record.ts';
import { ledgerHistory } from '../fixtures/ledger.ts';
import { stillpoint } from './bin.ts';

const TWO = ledgerHistory({ volumes: 2, slots: 16 }, 100);

describe('ledger check', () => {
  let folder: string;
  /** A folder as a mounted copy is one. */
  const copy = (name: string, text: string): string => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, LEDGER_FILE), text, 'latin1');
    return name;
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'stillpoint-cli-'));
    copy('boot', TWO.at(1, 20));
    copy('data', TWO.at(2, 20));
    copy('late', TWO.at(2, 60));
    mkdirSync(join(folder, 'lured'));
    symlinkSync(join(folder, 'data', LEDGER_FILE), join(folder, 'lured', LEDGER_FILE));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const check = (...args: readonly string[]) => stillpoint(['ledger', 'check', ...args], { cwd: folder });

  test('of copies of one instant says so with a number, and ends with 0', async () => {
    const { exit, stdout, stderr } = await check('boot', join('data', LEDGER_FILE));
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toMatch(/^One instant, as far as this ledger tells: 20 records on 2 volumes, none missing\n/);
  });

  test('of copies of two instants ends with 3, for machines too', async () => {
    const { exit, stdout } = await check('boot', 'late', '--json');
    expect(exit).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      v: 1,
      type: 'ledger',
      answer: 'violated',
      volumes: [
        { volume: 'boot', missing: 16 },
        { volume: 'late', missing: 0 },
      ],
    });
  });

  test('of a set that lacks a volume, or whose writer stood still, says that it cannot be judged: 3', async () => {
    expect(await check('boot')).toMatchObject({ exit: 3, stdout: expect.stringContaining('volume 2 of 2 is missing') });
    const { exit, stdout } = await check('boot', 'data', '--at', '2026-11-22T03:00:00Z');
    expect(exit).toBe(3);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('the last record was written 3599.92 s before the snapshot');
  });

  test('of what cannot be read names all of it: 4', async () => {
    const { exit, stderr } = await check('nowhere', 'boot', 'lured');
    expect(exit).toBe(4);
    const said = stderr.replaceAll(/\s+/g, ' ');
    expect(said).toContain('no ledger can be read at nowhere: ENOENT');
    // A copy is what a guest left: no link in it leads anywhere.
    expect(said).toContain('no ledger can be read at lured: ELOOP');
  });

  test.each([
    [['check'], 'which copies? No path was given'],
    [['check', 'data', 'late'], 'data and late are copies of the same volume'],
    [['check', 'boot', '--vm', 'mail01'], '`ledger check` has no --vm'],
    [['check', 'boot', '--at', 'noon'], '--at noon is no time'],
    [['write', 'boot'], 'a ledger needs two folders at least'],
    [['write', 'boot', 'data', '--records', '1'], '--records 1 is no number of records'],
    [['write', 'boot', 'data', '--at', 'now'], '`ledger write` has no --at'],
    [['verify'], 'there is no `ledger verify`'],
  ])('%j is wrong use: 2, and it says what', async (args, message) => {
    const { exit, stderr } = await stillpoint(['ledger', ...args], { cwd: folder });
    expect(exit).toBe(2);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(message);
  });

  test('ledger print is the program, to the byte', async () => {
    const { exit, stdout } = await stillpoint(['ledger', 'print'], { cwd: folder });
    expect(exit).toBe(0);
    expect(stdout).toBe(readFileSync(new URL('../../src/ledger/ledger.py', import.meta.url), 'utf8'));
  });
});
