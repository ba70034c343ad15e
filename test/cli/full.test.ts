import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin/stillpoint.js', import.meta.url));

describe('standard output that cannot be written', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'stillpoint-full-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** @param line for a shell; `$S` is the program */
  function shell(line: string): Promise<{ readonly exit: number; readonly stderr: string }> {
    const env = { PATH: '/usr/bin:/bin', S: `${process.execPath} ${BIN}`, STILLPOINT_HOME: join(folder, 'home') };
    return new Promise((resolve) => {
      const child = execFile('/bin/bash', ['--norc', '-c', line], { cwd: folder, env }, (_, __, stderr) =>
        resolve({ exit: child.exitCode ?? -1, stderr }),
      );
    });
  }

  test.runIf(existsSync('/dev/full'))('a full disk is said, and is no success: schema, help, list', async () => {
    for (const verb of ['schema', '--help', 'list --json']) {
      const { exit, stderr } = await shell(`$S ${verb} > /dev/full`);
      expect({ verb, exit, stderr }).toEqual({ verb, exit: 4, stderr: expect.stringContaining('ENOSPC') });
    }
  });

  test.runIf(existsSync('/dev/full'))('what was done stays done: mend says it, and ends as it ended', async () => {
    const { exit, stderr } = await shell('$S mend > /dev/full');
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: expect.stringContaining('could not be written whole') });
  });

  test('a file that has room for a part of the answer is no answer', async () => {
    const { exit, stderr } = await shell('ulimit -f 8; trap "" XFSZ; $S schema > part');
    expect({ exit, stderr }).toEqual({ exit: 4, stderr: expect.stringContaining('could not be written whole') });
    expect(readFileSync(join(folder, 'part')).length).toBeLessThan(65_536);
  });

  test('a file that has room has all of it, behind what was there', async () => {
    expect(await shell('echo first > whole; $S schema >> whole')).toEqual({ exit: 0, stderr: '' });
    const [first, ...rest] = readFileSync(join(folder, 'whole'), 'utf8').split('\n');
    expect(first).toBe('first');
    expect(JSON.parse(rest.join('\n'))).toMatchObject({ type: 'object' });
  });
});
