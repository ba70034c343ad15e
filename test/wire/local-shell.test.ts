import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localShell } from '../../src/transport/local.ts';
import { type Compiled, compiled } from '../fixtures/compiled.ts';
import { commandOf, descendants, kill, until } from './kit/processes.ts';
import { faultOf, shellSuite, within } from './kit/shell-suite.ts';

describe('a shell on this machine', () => {
  const shell = localShell();
  afterAll(() => shell.close());

  shellSuite(() => shell);

  test('a program that is not there is named, with where it was looked for', async () => {
    const bare = localShell({ env: { PATH: '/nowhere' } });
    expect(await faultOf(bare.run(['no-such-program'], { deadline: within() }))).toMatchObject({
      code: 'command.not-found',
      message:
        'this machine: no program no-such-program in PATH (/nowhere) or in ' +
        '/usr/local/sbin, /usr/local/bin, /usr/sbin, /usr/bin, /sbin, /bin',
    });
    expect((await faultOf(bare.run(['/no/such'], { deadline: within() }))).message).toBe(
      'this machine: /no/such is not there, or cannot be run',
    );
  });

  test('programs of the system folders are found without a PATH, also by what is started', async () => {
    const bare = localShell({ env: {} });
    const answer = await bare.run(['sh', '-c', 'echo $PATH'], { deadline: within() });
    expect(answer.stdout).toBe('/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n');
  });

  test('what is started gets where things are, and of all else what is named', async () => {
    const env = {
      HOME: '/root',
      LC_TIME: 'C',
      SSH_AUTH_SOCK: '/a',
      VC_PASSWORD: 'hunter2',
      GOVC_URL: 'x',
      TOKEN: 'abc',
    };
    const one = localShell({ env, variables: ['TOKEN', 'NOT_SET'] });
    const { stdout } = await one.run(['env'], { deadline: within() });
    expect(
      Object.fromEntries(
        stdout
          .trim()
          .split('\n')
          .map((line) => line.split('=')),
      ),
    ).toEqual({
      HOME: '/root',
      LC_TIME: 'C',
      SSH_AUTH_SOCK: '/a',
      TOKEN: 'abc',
      PATH: expect.any(String),
    });
  });

  test('a deadline ends the program and what it has started', async () => {
    const mark = `31415.${process.pid}`;
    const fault = await faultOf(shell.run(['sh', '-c', `sleep ${mark} & sleep ${mark}`], { deadline: within(300) }));
    expect(fault.message).toBe(
      'this machine: sh did not end in time (the test: no answer within 300 ms); it was killed',
    );
    await until('nothing is left', () => ours(mark).length === 0);
  });

  test('what a program leaves behind when it ends by itself goes on', async () => {
    const mark = `16180.${process.pid}`;
    await shell.run(['sh', '-c', `sleep ${mark} >/dev/null 2>&1 &`], { deadline: within() });
    const [left = 0, ...others] = await until('it is left', () => everywhere(mark).length === 1 && everywhere(mark));
    expect(others).toEqual([]);
    // The watch over the program has gone with it, and has ended nothing.
    await until('the watch has gone', () => watches().length === 0);
    expect(everywhere(mark)).toEqual([left]);
    kill(left, 'SIGKILL');
  });

  test('closing the shell ends what still runs', async () => {
    const mark = `27182.${process.pid}`;
    const other = localShell();
    const talk = await other.start(['sleep', mark], within());
    expect(ours(mark)).toHaveLength(1);
    await other.close();
    expect(await talk.ended).toMatchObject({ exit: null, why: 'killed by SIGKILL' });
  });
});

describe('a process that is killed', () => {
  let program: Compiled;
  beforeAll(async () => {
    program = await compiled('test/fixtures/parent-program.ts');
  });
  afterAll(() => program.remove());

  test('takes the programs with it that it has started, and what these have started', async () => {
    const mark = `14142.${process.pid}`;
    const sleeps = `sleep ${mark} & (sleep ${mark} & sleep ${mark}) & sleep ${mark}`;
    const child = spawn(process.execPath, [program.program, 'sh', '-c', sleeps], { stdio: 'ignore' });
    await until('all of it runs', () => everywhere(`sleep ${mark}`).length >= 4);
    child.kill('SIGKILL');
    await until('nothing is left', () => everywhere(mark).length === 0);
  });
});

/** Also those whose parent has gone. */
function everywhere(mark: string): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    const command = Number.isInteger(pid) ? commandOf(pid) : undefined;
    return command?.startsWith('sleep ') === true && command.includes(mark) ? [pid] : [];
  });
}

function watches(): readonly number[] {
  return descendants(process.pid).filter((pid) => commandOf(pid)?.includes('read -r over') === true);
}

function ours(mark: string): readonly number[] {
  return descendants(process.pid).filter((pid) => commandOf(pid)?.includes(mark) === true);
}
