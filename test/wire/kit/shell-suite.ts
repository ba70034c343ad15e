import { expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { type Deadline, deadline } from '../../../src/base/deadline.ts';
import type { Fault } from '../../../src/base/fault.ts';
import type { Dialogue, Shell } from '../../../src/ports.ts';
import { patient } from '../../patience.ts';

export function within(ms = patient(30_000)): Deadline {
  return deadline(systemClock, ms, 'the test');
}

/** What was rejected with; a promise that resolves fails the test. */
export async function faultOf(work: Promise<unknown>): Promise<Fault> {
  return work.then(
    (value) => expect.unreachable(`it answered ${JSON.stringify(value)}`),
    (fault: Fault) => fault,
  );
}

/** Collects the lines of a dialogue until it ends. */
export async function linesOf(talk: Dialogue): Promise<readonly string[]> {
  const lines: string[] = [];
  talk.onLine((line) => lines.push(line));
  await talk.ended;
  return lines;
}

/** What every shell promises, on a place where sh and the usual small programs are. */
export function shellSuite(open: () => Shell): void {
  const sh = (script: string): readonly string[] => ['sh', '-c', script];

  test('gives exit code, standard output and standard error apart', async () => {
    const answer = await open().run(sh('echo out; echo err >&2; exit 3'), { deadline: within() });
    expect(answer).toEqual({ exit: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  test('changes nothing of what a program says: no newline added, none taken', async () => {
    const answer = await open().run(['printf', 'a\\nb'], { deadline: within() });
    expect(answer.stdout).toBe('a\nb');
  });

  test('hands over the input, and then its end', async () => {
    const answer = await open().run(['cat'], { stdin: 'grüße\n', deadline: within() });
    expect(answer.stdout).toBe('grüße\n');
  });

  test('gives a program without input the end of it at once', async () => {
    expect(await open().run(['cat'], { deadline: within() })).toEqual({ exit: 0, stdout: '', stderr: '' });
  });

  test('minds no program that ends without reading its input', async () => {
    const answer = await open().run(['true'], { stdin: 'x'.repeat(5_000_000), deadline: within() });
    expect(answer.exit).toBe(0);
  });

  test('hands over every argument as it is', async () => {
    const words = ['-n', '', ' ', "it's", '"', '\\', '$HOME', '`id`', 'a\nb', '*', '~', '!', 'ü 😀', '--', '; exit 9'];
    const answer = await open().run(['printf', '%s\\0', ...words], { deadline: within() });
    expect(answer.stdout.split('\0')).toEqual([...words, '']);
  });

  test('takes no argument with a NUL in it, and starts nothing', async () => {
    const fault = await faultOf(open().run(['printf', 'a\0b'], { deadline: within() }));
    expect(fault.code).toBe('command.unspeakable');
  });

  test('a program ended by a signal has no exit code, and the signal is said', async () => {
    const answer = await open().run(sh('echo before; kill -KILL $$'), { deadline: within() });
    expect(answer.stdout).toBe('before\n');
    // A login shell that stays between (dash) tells the signal in its own way: as 128 and its number.
    expect([
      [null, 'killed by SIGKILL'],
      [137, 'Killed'],
    ]).toContainEqual([answer.exit, answer.stderr.trim()]);
  });

  test('a deadline ends the wait, and the shell goes on', async () => {
    const fault = await faultOf(open().run(['sleep', '20'], { deadline: within(300) }));
    expect(fault).toMatchObject({
      code: 'command.deadline',
      message: expect.stringContaining('sleep did not end in time'),
    });
    expect((await open().run(['true'], { deadline: within() })).exit).toBe(0);
  });

  test('a deadline that is over starts nothing', async () => {
    const over = within(0);
    await new Promise((resolve) => over.signal.addEventListener('abort', resolve));
    expect((await faultOf(open().run(['true'], { deadline: over }))).code).toBe('command.not-started');
    expect((await faultOf(open().start(['true'], over))).code).toBe('command.not-started');
  });

  test('takes megabytes of output, but not without end', async () => {
    const much = await open().run(sh('head -c 5000000 /dev/zero | tr "\\0" x'), { deadline: within() });
    expect(much.stdout).toHaveLength(5_000_000);
    const fault = await faultOf(open().run(['cat', '/dev/zero'], { deadline: within() }));
    expect(fault.code).toBe('command.output-too-large');
    expect((await open().run(['true'], { deadline: within() })).exit).toBe(0);
  });

  test('runs many commands at once', async () => {
    const many = Array.from({ length: 25 }, (_, index) => String(index));
    const answers = await Promise.all(many.map((word) => open().run(['echo', word], { deadline: within() })));
    expect(answers.map((answer) => answer.stdout.trim())).toEqual(many);
  });

  test('a dialogue keeps what is said before somebody listens', async () => {
    const talk = await open().start(sh('echo first; echo second; cat'), within());
    await new Promise((resolve) => setTimeout(resolve, 200));
    talk.end();
    expect(await linesOf(talk)).toEqual(['first', 'second']);
  });

  test('a dialogue carries thousands of lines both ways, in order', async () => {
    const talk = await open().start(['cat'], within());
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${'x'.repeat(100)}`);
    const heard: string[] = [];
    talk.onLine((line) => {
      if (heard.push(line) === lines.length) talk.end();
    });
    for (const line of lines) talk.send(line);
    expect(await talk.ended).toEqual({ exit: 0, stderr: '', why: 'exit 0' });
    expect(heard).toEqual(lines);
  });

  test('a program sent as raw bytes is followed by lines', async () => {
    const talk = await open().start(sh('eval "$(dd bs=1 count=22 2>/dev/null)"'), within());
    talk.write('read a; echo "got $a" ');
    talk.send('a word');
    expect(await linesOf(talk)).toEqual(['got a word']);
  });

  test('half a word at the end is no word', async () => {
    const talk = await open().start(['printf', 'whole\\nhalf'], within());
    expect(await linesOf(talk)).toEqual(['whole']);
  });

  test('the end of a dialogue says the exit code and the last words', async () => {
    const talk = await open().start(sh('echo why >&2; exit 7'), within());
    expect(await talk.ended).toEqual({ exit: 7, stderr: 'why\n', why: 'exit 7' });
  });

  test('a line of more than 64 KiB ends the dialogue', async () => {
    const talk = await open().start(sh('head -c 65536 /dev/zero | tr "\\0" a; echo; exec cat /dev/zero'), within());
    const lines = await linesOf(talk);
    expect(lines.map((line) => line.length)).toEqual([65_536]);
    expect((await talk.ended).why).toBe('it sent a line longer than 64 KiB');
  });

  test('a program that does not end with its input is let go of', async () => {
    const talk = await open().start(['sleep', '30'], within());
    talk.end();
    talk.end();
    talk.send('nobody hears this');
    expect(await talk.ended).toMatchObject({ exit: null, why: 'it did not end with its input, and was left running' });
  });

  test('words to a program that has ended are lost without an error', async () => {
    const talk = await open().start(['true'], within());
    await talk.ended;
    talk.send('hello?');
    talk.end();
    expect((await talk.ended).exit).toBe(0);
  });
}
