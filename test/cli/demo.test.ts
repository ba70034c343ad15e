import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { patient } from '../patience.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Played {
  readonly child: ChildProcess;
  readonly text: () => string;
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

describe('the demo', { timeout: patient(180_000) }, () => {
  /** All that the demo makes lies in here: so whatever it leaves behind is seen. */
  let temp: string;
  const started: Played[] = [];
  beforeEach(() => {
    temp = mkdtempSync(join(tmpdir(), 'demo-test-'));
  });
  afterEach(async () => {
    for (const { child, ended } of started.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(temp, { recursive: true, force: true });
  });

  function play(...flags: readonly string[]): Played {
    const child = spawn(process.execPath, ['bin/stillpoint.js', 'demo', ...flags], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: temp, TMPDIR: temp },
    });
    let text = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => {
      child.on('close', (code) => resolve({ code, stderr }));
    });
    const played = { child, text: () => text, ended };
    started.push(played);
    return played;
  }

  async function until(played: Played, line: RegExp): Promise<void> {
    while (!line.test(played.text())) {
      if (played.child.exitCode !== null) throw new Error(`it ended before ${line}: ${played.text()}`);
      await sleep(20);
    }
  }

  test('shows torn images without a hold and none with one, also when it is played twice at once', async () => {
    const [people, machine] = [play(), play('--json')];
    expect(await people.ended, people.text().slice(-2000)).toEqual({ code: 0, stderr: '' });
    expect(await machine.ended, machine.text().slice(-2000)).toEqual({ code: 0, stderr: '' });

    // The temporary folder may have a name as long as it likes.
    for (const line of people.text().replaceAll(temp, '/tmp').split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(people.text()).not.toContain('\u001b');
    expect(people.text()).toMatch(/mail01 +boot +\d+ +data +\d+ +these two never existed together/);
    expect(people.text()).toMatch(/10 rounds: (10|9|8) with a torn guest/);
    expect(people.text()).toContain('10 rounds: 0 torn (0 of 30)');
    expect(people.text()).toContain('this is the proof.');

    const result = JSON.parse(machine.text().trim().split('\n').at(-1) ?? '');
    expect(result).toMatchObject({ v: 1, type: 'result', held: { rounds: 10, torn: 0 }, unheld: { rounds: 10 } });
    expect(result.unheld.torn).toBeGreaterThanOrEqual(8);
    expect(result.held.windowMs).toHaveLength(10);

    const [, shown = ''] = /^ {2}(node .* show latest .*)$/m.exec(people.text()) ?? [];
    const { stdout } = await promisify(execFile)('sh', ['-c', shown], { cwd: ROOT, timeout: patient(20_000) });
    expect(stdout).toMatch(/^demo-\d{8}T\d{6}Z-[0-9a-f]{4}/m);
    expect(await processesOf(temp)).toEqual([]);
  });

  test.each(['1  Where', '2  Snapshots', '3  The same'])(
    'leaves nothing when it is interrupted after "%s"',
    async (at) => {
      const played = play();
      await until(played, new RegExp(`^${at}`, 'm'));
      await sleep(300);
      played.child.kill('SIGINT');
      expect((await played.ended).code).toBe(130);
      expect(readdirSync(temp)).toEqual([]);
      expect(await processesOf(temp)).toEqual([]);
    },
  );

  test('leaves no process even when it is killed, whatever its guests are doing', async () => {
    const played = play();
    await until(played, /^3 {2}The same/m);
    await sleep(700);
    played.child.kill('SIGKILL');
    await played.ended;
    for (let waited = 0; (await processesOf(temp)).length > 0 && waited < patient(100); waited += 1) await sleep(100);
    expect(await processesOf(temp)).toEqual([]);
  });
});

/** Running processes whose arguments name the folder; the ones that have ended but were not buried do not count. */
async function processesOf(folder: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'stat=,args=']);
  return stdout
    .split('\n')
    .filter((line) => line.includes(folder) && !/^Z/.test(line.trim()) && !line.includes('ps -eo'));
}
