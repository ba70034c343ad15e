import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FireLine, openFireLine } from '../../src/arrays/linux/fire-line.ts';
import type { Shell } from '../../src/ports.ts';
import { localShell } from '../../src/transport/local.ts';
import { connectSsh } from '../../src/transport/ssh.ts';
import { needs } from '../needs.ts';
import { patient } from '../patience.ts';
import { until } from './kit/processes.ts';
import { faultOf, within } from './kit/shell-suite.ts';
import { settingsFor, startSshd, type TestSshd } from './kit/sshd.ts';

/** Takes as long as "$1" says, and like a call into the kernel hears no signal meanwhile; then it has made its file. */
const TAKE = `sh -c 'trap "" TERM; : > "$1.begun"; sleep "$0"; : > "$1"' "$1" "$2"`;

describe('the line of an array on this machine', () => {
  const shell = localShell();
  afterAll(() => shell.close());
  suite(() => shell);
});

needs('sshd', 'ssh')('the line of an array behind a real sshd', () => {
  let sshd: TestSshd;
  let shell: Shell;
  beforeAll(async () => {
    sshd = await startSshd();
    shell = await connectSsh(settingsFor(sshd), { deadline: within() });
  });
  afterAll(async () => {
    await shell?.close();
    await sshd?.stop();
  });
  suite(() => shell);
});

function suite(shell: () => Shell): void {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stillpoint-fire-line-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Fired, and inside of what no signal ends. */
  async function fired(seconds: string): Promise<{ line: FireLine; target: string }> {
    const target = join(folder, 'made');
    const line = await openFireLine(shell(), TAKE, [{ source: seconds, target }], within());
    void line.fire(0, within()).catch(() => {});
    await until('it has begun', () => existsSync(`${target}.begun`));
    return { line, target };
  }

  test('is stopped only when a command that no signal reaches has made what it makes', async () => {
    const { line, target } = await fired('0.7');
    await line.stop(within());
    expect(existsSync(target)).toBe(true);
  });

  test('that a command does not end on does not keep whoever stops it waiting', async () => {
    const { line, target } = await fired('6');
    const fault = await faultOf(line.stop(within()));
    expect(fault.message).toBe(`the end of what was started on ${shell().where}: no answer within 5 s`);
    expect(existsSync(target)).toBe(false);
    await until('it has made it', () => existsSync(target));
  });

  test('that nothing was fired on is stopped at once', async () => {
    const line = await openFireLine(shell(), TAKE, [{ source: '8', target: join(folder, 'made') }], within());
    await line.ping(within());
    await line.stop(within(patient(2000)));
  });
}
