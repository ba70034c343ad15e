import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Compiled, compiled } from '../fixtures/compiled.ts';
import { needs } from '../needs.ts';

const TERMINAL = fileURLToPath(new URL('../fixtures/on-a-terminal.py', import.meta.url));

needs('python3')('on a real terminal', () => {
  let program: Compiled;
  beforeAll(async () => {
    program = await compiled('test/fixtures/live-program.ts');
  });
  afterAll(() => program.remove());

  function run(columns: number): Promise<{ readonly exit: number | null; readonly text: string }> {
    const { CI: _ci, ...env } = process.env;
    const args = [TERMINAL, String(columns), process.execPath, program.program];
    const child = spawn('python3', args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...env, TERM: 'xterm' } });
    let text = '';
    child.stdout.on('data', (bytes: Buffer) => {
      text += bytes.toString('utf8');
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exit) => resolve({ exit, text }));
    });
  }

  test('the line moves, what is done stays above it, and nothing moves while guests are held', async () => {
    const { exit, text } = await run(80);
    expect(exit).toBe(0);
    expect(text).toMatch(/⠙ reading where the disks lie/);
    expect(text).toMatch(/· reading where the disks lie {2}(\d+ ms|\d\.\d s)\r\n/);
    expect(text).toContain('  warning: array fast: is slow\r\n');
    for (const s of [5, 6]) expect(text).toContain(` preparing the arrays (waiting for array fast: ${s} s)`);
    expect(text).toContain('<window></window>');
    expect(text).toContain('  array fast: snapshot in 21 ms\r\n');
    expect(text.endsWith('the answer\r\n')).toBe(true);
    expect(text).not.toContain('\u001b[3');
  });

  test.each([0, 1, 7])('of %i columns does not stop a run', async (columns) => {
    const { exit, text } = await run(columns);
    expect(exit).toBe(0);
    expect(text).toContain('the answer');
  });
});
