import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { Fault } from '../../src/base/fault.ts';
import { type Written, writeLedger } from '../../src/cli/ledger/writer.ts';
import { ledgerTextAt } from '../../src/ledger/files.ts';
import { ledgerProgram, type WriteOrder } from '../../src/ledger/program.ts';
import { LEDGER_FILE } from '../../src/ledger/record.ts';
import type { LedgerReport } from '../../src/ledger/report.ts';
import { judgeLedger } from '../../src/ledger/rule.ts';
import { localShell } from '../../src/transport/local.ts';
import { needs } from '../needs.ts';
import { patient } from '../patience.ts';
import { within } from './kit/shell-suite.ts';

const PROGRAM = fileURLToPath(new URL('../../src/ledger/ledger.py', import.meta.url));

needs(
  'linux',
  'python3',
  'shm',
)('the program that writes a ledger', () => {
  let folders: readonly [string, string];
  beforeEach(() => {
    folders = [mkdtempSync('/dev/shm/stillpoint-ledger-'), mkdtempSync(join(tmpdir(), 'stillpoint-ledger-'))];
  });
  afterEach(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });
  const file = (folder: string): string => join(folder, LEDGER_FILE);
  const judged = async (): Promise<LedgerReport> => judgeLedger(await Promise.all(folders.map(ledgerTextAt)));

  function written(
    order: Partial<WriteOrder>,
    stop = new AbortController().signal,
    begun = () => {},
  ): Promise<Written> {
    const told = { clock: systemClock, stop, mayRaise: false, onBegun: begun, onProgress() {} };
    return writeLedger(localShell(), { folders, everyMs: 0, ...order }, told, within(patient(15_000)));
  }
  /** Runs it as somebody does who has it as a file. */
  function byHand(...args: readonly string[]) {
    const { status, stdout, stderr } = spawnSync('python3', ['-I', '-S', PROGRAM, ...args], {
      encoding: 'utf8',
      timeout: patient(15_000),
    });
    return { exit: status, stdout, stderr: stderr.trim() };
  }

  test('keeps a ledger that is one instant, of as many records as it says', async () => {
    const { ledger, records, why } = await written({ forMs: 300 });
    expect(why).toBe('its time is over');
    expect(records).toBeGreaterThan(6);
    expect(await judged()).toMatchObject({
      answer: 'one-instant',
      ledger,
      highest: records,
      records,
      unfinished: false,
    });
  });

  test('goes round in files whose size never changes, and keeps the last records', async () => {
    const sizes: number[] = [];
    const begun = () => sizes.push(...folders.map((folder) => statSync(file(folder)).size));
    const { records } = await written({ forMs: 500, slots: 3 }, undefined, begun);
    expect(records).toBeGreaterThan(8);
    expect([...sizes, ...folders.map((folder) => statSync(file(folder)).size)]).toEqual(Array(4).fill(4 * 128));
    expect(await judged()).toMatchObject({ answer: 'one-instant', highest: records, records: 6 });
  });

  test('begins no record before the one before it is on the disk', () => {
    const watched = `
import os, sys
write, flush = os.pwrite, os.fdatasync
def pwrite(file, piece, at): sys.stderr.write('w%d ' % file); return write(file, piece, at)
def fdatasync(file): flush(file); sys.stderr.write('s%d ' % file)
os.pwrite, os.fdatasync = pwrite, fdatasync
${ledgerProgram()}`;
    const { stderr } = spawnSync('python3', ['-I', '-S', '-c', watched, '--for', '0.3', ...folders], {
      encoding: 'utf8',
    });
    const [, a, b] = /w(\d+) s\1 w(\d+) s\2 /.exec(stderr) ?? [];
    expect(b).not.toBe(a);
    const round = `w${a} s${a} w${b} s${b} `;
    const records = stderr.slice(stderr.indexOf(round));
    expect(records.length).toBeGreaterThan(2 * round.length);
    expect(`${round.repeat(records.length)}`.startsWith(records)).toBe(true);
  });

  test('ends with its line', async () => {
    const stop = new AbortController();
    const { why } = await written({}, stop.signal, () => stop.abort());
    expect(why).toBe('its input ended');
  });

  test('ends when its line has been silent for too long, as one that was cut', async () => {
    const impatient = ledgerProgram().replace('SILENT_SECONDS = 60', 'SILENT_SECONDS = 0.2');
    const child = spawn('python3', ['-I', '-S', '-c', impatient, '--until-input-ends', ...folders]);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect(said).toMatch(/ended \d+ its line went silent\n$/);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('ends at %s', async (signal) => {
    const child = spawn('python3', ['-I', '-S', PROGRAM, ...folders], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.once('data', () => child.kill(signal));
    const exit = await new Promise((resolve) => child.once('close', resolve));
    expect(exit).toBe(0);
    expect((await judged()).volumes.map(({ damaged }) => damaged)).toEqual([0, 0]);
  });

  test('begins anew over an old ledger, as another one', async () => {
    const first = await written({ forMs: 100 });
    const second = await written({ forMs: 300 });
    expect(second.ledger).not.toBe(first.ledger);
    expect(await judged()).toMatchObject({ answer: 'one-instant', ledger: second.ledger });
  });

  test('waits for nobody and hurts nobody: a second writer of the same folders is refused', async () => {
    const stop = new AbortController();
    let refused = '';
    const first = await written({}, stop.signal, () => {
      refused = byHand(...folders).stderr;
      stop.abort();
    });
    expect(refused).toBe(`${file(folders[0])} is being written by another one`);
    expect(await judged()).toMatchObject({ ledger: first.ledger });
  });

  test('leaves a file of the same name alone that is no ledger, and begins nowhere', () => {
    writeFileSync(file(folders[1]), 'my own notes');
    expect(byHand(...folders)).toMatchObject({
      exit: 2,
      stderr: `${file(folders[1])} is there and is no ledger; it is left alone`,
    });
    expect(readFileSync(file(folders[1]), 'utf8')).toBe('my own notes');
    expect(existsSync(file(folders[0]))).toBe(false);
  });

  test('follows no link and waits for no pipe that bears the name', () => {
    const other = join(folders[1], 'other');
    writeFileSync(other, '');
    symlinkSync(other, file(folders[0]));
    expect(byHand(...folders)).toMatchObject({ exit: 2, stderr: `${folders[0]}: Too many levels of symbolic links` });
    rmSync(file(folders[0]));
    execFileSync('mkfifo', [file(folders[0])]);
    expect(byHand(...folders)).toMatchObject({ exit: 2, stderr: expect.stringContaining('is no ledger') });
    expect(readFileSync(other, 'utf8')).toBe('');
  });

  test('takes away what it began where it cannot begin everywhere', async () => {
    // Python itself fails to make the second, after the first was made.
    const failing = ledgerProgram().replace(
      '            self.remove()\n',
      '            self.remove()\n            self.folder == sys.argv[-1] and os.open("/nowhere/at/all", 0)\n',
    );
    const { status, stderr } = spawnSync('python3', ['-I', '-S', '-c', failing, ...folders], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 2, stderr: `${folders[1]}: No such file or directory\n` });
    expect(folders.map((folder) => existsSync(file(folder)))).toEqual([false, false]);
  });

  test.each([
    ['one folder', (a: string) => [a], 'a ledger needs two folders, on two file systems, and no more than 99'],
    ['the same twice', (a: string) => [a, a], 'lie on one file system, which has one order only'],
    ['a folder that is not there', (a: string) => [a, '/nowhere'], '/nowhere: No such file or directory'],
    ['a file', (a: string) => [a, PROGRAM], `${PROGRAM}: Not a directory`],
    ['an option that is none', (a: string, b: string) => ['--fast', a, b], '--fast is no option of this program'],
    ['too few records', (a: string, b: string) => ['--records', '1', a, b], '--records is between 2 and 524287'],
    ['a pace that is none', (a: string, b: string) => ['--every', 'soon', a, b], '--every soon is no number'],
    ['no time', (a: string, b: string) => ['--for', 'nan', a, b], '--for is more than 0 seconds'],
  ])('refuses %s', (_, args, why) => {
    const { exit, stderr } = byHand(...args(...folders));
    expect(exit).toBe(2);
    expect(stderr).toContain(why);
  });

  test('names the machine and the reason where it is refused', async () => {
    const refused = written({ folders: [folders[0], folders[0]] }).catch((thrown: Fault) => thrown);
    expect(await refused).toMatchObject({
      code: 'ledger.refused',
      exit: 4,
      message: expect.stringMatching(/^this machine: /),
    });
  });
});
