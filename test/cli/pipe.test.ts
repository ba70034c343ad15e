import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stillpoint } from './bin.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('a topology that is no file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'stillpoint-pipe-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('a pipe that nobody writes to is refused at once', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const { exit, stderr } = await stillpoint(['check', '--offline', '-t', 'pipe'], { cwd: folder });
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining('it is a pipe, and no file') });
  });

  test('what a command prints is read from standard input, also where it takes its time', () => {
    const said = execFileSync(
      '/bin/sh',
      [
        '-c',
        `(sleep 1; cat '${ROOT}examples/minimal.yaml') | '${process.execPath}' '${ROOT}bin/stillpoint.js' check --offline -t /dev/stdin`,
      ],
      { cwd: folder, encoding: 'utf8' },
    );
    expect(said).toContain('/dev/stdin can be read');
  });

  test('the waiting for it ends with a signal', async () => {
    const line = `sleep 60 | { '${process.execPath}' '${ROOT}bin/stillpoint.js' check --offline -t /dev/stdin & echo $! >&2; wait $!; echo "ended $?"; }`;
    const child = spawn('/bin/bash', ['--norc', '-c', line], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    try {
      const said = new Promise<string>((resolve) => child.stdout.setEncoding('utf8').once('data', resolve));
      const pid = await new Promise<number>((resolve) =>
        child.stderr.setEncoding('utf8').once('data', (text: string) => resolve(Number(text.trim()))),
      );
      await setTimeout(3000);
      process.kill(pid, 'SIGTERM');
      expect(await said).toBe('ended 143\n');
    } finally {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }
  });
});
