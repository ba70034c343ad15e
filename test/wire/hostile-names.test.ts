import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { pasted } from '../../src/base/shell-word.ts';
import type { Shell } from '../../src/ports.ts';
import { localShell } from '../../src/transport/local.ts';
import { findProgram } from '../../src/transport/programs.ts';
import { quote } from '../../src/transport/quote.ts';
import { connectSsh } from '../../src/transport/ssh.ts';
import { sudoed } from '../../src/transport/sudo.ts';
import { HOSTILE_NAMES } from '../fixtures/hostile-names.ts';
import { needs } from '../needs.ts';
import { faultOf, within } from './kit/shell-suite.ts';
import { settingsFor, startSshd, type TestSshd } from './kit/sshd.ts';

const NAMES = HOSTILE_NAMES.map(([, name]) => name);
const SHELLS = ['sh', 'bash', 'dash', 'busybox', 'zsh', 'fish'].filter((name) => findProgram(name) !== undefined);

/** Prints its arguments, each ended by a NUL: what a program at the far end really got. */
const ARGV = ['sh', '-c', 'printf "%s\\0" "$@"', 'sh'] as const;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stillpoint-names-'));
});
afterEach(() => {
  expect(readdirSync(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
});

/** Where a `touch PWNED` that got through would leave its mark. */
const here = (argv: readonly string[]): readonly string[] => ['sh', '-c', 'cd "$0" && exec "$@"', folder, ...argv];

async function reaches(shell: Shell): Promise<void> {
  for (const [what, name] of HOSTILE_NAMES) {
    const { stdout, exit } = await shell.run(here([...ARGV, name]), { deadline: within() });
    expect([what, exit, stdout]).toEqual([what, 0, `${name}\0`]);
  }
  const all = await shell.run(here([...ARGV, ...NAMES]), { deadline: within() });
  expect(all.stdout.split('\0')).toEqual([...NAMES, '']);
  expect((await faultOf(shell.run(here([...ARGV, 'a\0b']), { deadline: within() }))).code).toBe('command.unspeakable');
}

describe('a hostile name', () => {
  test('reaches a program on this machine as it is', () => reaches(localShell()));

  test.each(SHELLS)('reaches a program through %s as it is', (name) => {
    const start = name === 'busybox' ? ['sh', '-c'] : ['-c'];
    for (const [what, word] of HOSTILE_NAMES) {
      const said = spawnSync(findProgram(name) ?? name, [...start, quote([...ARGV, word])], { cwd: folder });
      expect([what, said.status, said.stdout.toString()]).toEqual([what, 0, `${word}\0`]);
    }
  });

  test.each(SHELLS)('in a hint that is pasted into %s is a word, and runs nothing', (name) => {
    const start = name === 'busybox' ? ['sh', '-c'] : ['-c'];
    for (const [what, word] of HOSTILE_NAMES) {
      const line = pasted([...ARGV, word]);
      expect([what, line]).toEqual([what, expect.not.stringMatching(/[\p{Cc}\u2028\u202e]/u)]);
      const said = spawnSync(findProgram(name) ?? name, [...start, line], { cwd: folder });
      // What cannot be typed stands as the sign for any one character, and matches no file of this empty folder.
      const typed = word.replaceAll(/[\p{Cc}\u2028\u202e]/gu, '?');
      if (name !== 'fish' && name !== 'zsh') expect([what, said.stdout.toString()]).toEqual([what, `${typed}\0`]);
    }
  });
});

needs('sshd', 'ssh')('a hostile name over a real sshd', () => {
  let sshd: TestSshd;
  let shell: Shell;
  afterEach(async () => {
    await shell?.close();
    await sshd?.stop();
  });

  test.each([...SHELLS.filter((name) => name !== 'busybox'), 'the login shell'])(
    'reaches a program behind %s as it is',
    async (name) => {
      const command = `ForceCommand exec ${findProgram(name)} -c "$SSH_ORIGINAL_COMMAND"`;
      sshd = await startSshd({ config: findProgram(name) === undefined ? [] : [command] });
      shell = await connectSsh(settingsFor(sshd), { deadline: within() });
      await reaches(shell);
    },
  );
});

needs(
  'root',
  'sshd',
  'ssh',
  'sudo',
  'unshare',
  'perl',
)('a hostile name over a real sshd and sudo', () => {
  let sshd: TestSshd;
  let plain: Shell;
  beforeAll(async () => {
    const account = { name: 'guest', password: 'pw', sudoers: ['guest ALL=(root) NOPASSWD: ALL'] };
    sshd = await startSshd({ account, config: ['PasswordAuthentication yes'] });
    const settings = settingsFor(sshd, { key: sshd.hostKeys[0]?.file, user: 'guest', password: new Secret('pw') });
    plain = await connectSsh(settings, { deadline: within() });
  });
  afterAll(async () => {
    await plain?.close();
    await sshd?.stop();
  });

  test('reaches a program of root as it is', () => reaches(sudoed(plain)));
});
