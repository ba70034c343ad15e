import { spawn } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { Fault } from '../../src/base/fault.ts';
import type { RunEvent } from '../../src/ports.ts';
import { jsonOutput } from '../../src/ui/json.ts';
import type { Output, OutputParts } from '../../src/ui/output.ts';
import { PLAIN } from '../../src/ui/paint.ts';
import { plainOutput } from '../../src/ui/plain.ts';
import { quietOutput } from '../../src/ui/quiet.ts';
import { sinkOf } from '../../src/ui/sink.ts';
import { typedWith } from '../../src/ui/typed.ts';
import { type Compiled, compiled } from '../fixtures/compiled.ts';

process.env.TZ = 'Europe/Berlin';

const clock: Clock = { now: () => 0, date: () => new Date('2026-11-22T02:00:04.512Z'), after: () => () => undefined };
const STAMP = '2026-11-22T03:00:04.512+01:00';

const EVENTS: readonly RunEvent[] = [
  { type: 'run', run: 'mail-20261122T020003Z-7f3a', group: 'mail', label: 'spaaaaaaaaaaaaa' },
  { type: 'step', step: 'arm' },
  { type: 'waiting', for: 'array fast', forMs: 12_345, over: false },
  { type: 'waiting', for: 'array fast', forMs: 12_800, over: true },
  { type: 'step', step: 'window' },
  { type: 'window', is: 'opened', atMs: 0 },
  { type: 'guest', vm: 'mail01', stage: 0, is: 'held', atMs: 3 },
  { type: 'guest', vm: 'db01', stage: 1, is: 'not-held', atMs: 4, why: 'EBUSY' },
  { type: 'array', array: 'fast', is: 'cut', atMs: 5, tookMs: 21 },
  { type: 'array', array: 'bulk', is: 'refused', atMs: 5, why: 'pool full' },
  { type: 'guest', vm: 'mail01', stage: 0, is: 'released', atMs: 9, release: 'expired' },
  { type: 'window', is: 'closed', atMs: 10, lastsMs: 118 },
  { type: 'interrupted', signal: 'SIGTERM', secondsLeft: 5 },
  {
    type: 'finding',
    finding: { code: 'x', severity: 'warning', subject: 'array fast', message: 'is slow', hint: 'Look.' },
  },
  { type: 'outcome', state: 'failed', exit: 5, line: 'failed' },
];

const FAULT = new Fault({ code: 'window.refused', message: 'array bulk: pool full', hint: 'Make room.', exit: 5 });

interface Heard {
  readonly parts: OutputParts;
  readonly out: () => string;
  readonly err: () => string;
}

function listen(more: Partial<OutputParts> = {}): Heard {
  const [outStream, errStream] = [new PassThrough(), new PassThrough()];
  const [outText, errText] = [collect(outStream), collect(errStream)];
  const parts = { out: sinkOf(outStream), err: sinkOf(errStream), clock, paint: PLAIN, verbose: false, ...more };
  return { parts, out: outText, err: errText };
}

function collect(stream: PassThrough): () => string {
  let text = '';
  stream.on('data', (bytes: Buffer) => {
    text += bytes.toString('utf8');
  });
  return () => text;
}

async function tell(output: Output, exit: number): Promise<void> {
  for (const event of EVENTS) output.emit(event);
  if (exit === 0)
    output.result({ exit, line: 'the answer', because: ['not said'], log: '/log', fields: { set: 'id', size: 7n } });
  else output.fault(FAULT, { log: '/the/log.jsonl' });
  await output.close(exit);
}

describe('plain lines', () => {
  test('have a time each, in the words that people see, the answer on standard output', async () => {
    const heard = listen();
    await tell(plainOutput(heard.parts), 0);
    expect(heard.out()).toBe('the answer\n');
    expect(heard.err().split('\n')).toEqual([
      `${STAMP}  run mail-20261122T020003Z-7f3a of group mail`,
      `${STAMP}  preparing the arrays`,
      `${STAMP}  waiting for array fast: 12 s`,
      `${STAMP}  array fast: waited for it for 13 s`,
      `${STAMP}  holding the guests and taking the snapshots`,
      `${STAMP}  the window is open`,
      `${STAMP}  guest mail01: held`,
      `${STAMP}  guest db01 (stage 2): not held: EBUSY`,
      `${STAMP}  array fast: snapshot in 21 ms`,
      `${STAMP}  array bulk: refused the snapshot: pool full`,
      `${STAMP}  guest mail01: released; hold not confirmed`,
      `${STAMP}  the window is closed, after 118 ms`,
      `${STAMP}  interrupted by SIGTERM: nothing new is begun, and a guest that is held is released within 5 s`,
      `${STAMP}  warning: array fast: is slow. Look.`,
      `${STAMP}  failed (exit 5)`,
      '',
    ]);
  });

  test('tell an event at the time at which it happened', () => {
    const heard = listen();
    plainOutput(heard.parts).emit({ type: 'window', is: 'opened', atMs: 0 }, new Date('2026-11-22T02:00:01.000Z'));
    expect(heard.err()).toBe('2026-11-22T03:00:01.000+01:00  the window is open\n');
  });

  test('end a failure with the file of its log', async () => {
    const heard = listen();
    await tell(plainOutput(heard.parts), 5);
    expect(heard.err().endsWith('error: array bulk: pool full\n  Make room.\n  log: /the/log.jsonl\n')).toBe(true);
    expect(heard.out()).toBe('');
  });

  test('say of a weak set why, and where its log is', async () => {
    const heard = listen();
    const output = plainOutput(heard.parts);
    output.result({
      exit: 3,
      line: 'id  unproven  weak',
      because: ['an answer came too late'],
      log: '/the/log',
      fields: {},
    });
    await output.close(3);
    expect([heard.out(), heard.err()]).toEqual([
      'id  unproven  weak\n',
      '  - an answer came too late\n  log: /the/log\n',
    ]);
  });

  test('do not send what would move the cursor', () => {
    const heard = listen();
    plainOutput(heard.parts).emit({ type: 'guest', vm: 'vm\u001b[2J\n', stage: 0, is: 'held', atMs: 0 });
    expect(heard.err()).toBe(`${STAMP}  guest vm·[2J·: held\n`);
  });

  test('of a bug show where it happened, however often it was said of a larger thing', async () => {
    const deep = new Error('deep');
    deep.stack = 'Error: deep\n    at theirOwnPlace (driver.ts:1:1)';
    const cause = new Fault({ code: 'unexpected', message: 'deep', cause: deep }).of('array fast');
    const heard = listen();
    plainOutput(heard.parts).fault(new Fault({ code: 'bug', message: 'x is not a function', exit: 1, cause }));
    expect(heard.err()).toContain('This is a bug of Stillpoint');
    expect(heard.err()).toContain('theirOwnPlace');
  });
});

describe('quiet', () => {
  test('says at once who may still be held, with all that was said before', async () => {
    const heard = listen();
    const output = quietOutput(heard.parts);
    output.emit({ type: 'step', step: 'window' });
    expect(heard.err()).toBe('');
    output.emit({ type: 'may-be-held', vms: ['mail01'], message: 'guest mail01 may still be held', hint: 'Look.' });
    output.emit({ type: 'step', step: 'collect' });
    expect(heard.err().split('\n')).toEqual([
      `${STAMP}  holding the guests and taking the snapshots`,
      `${STAMP}  guest mail01 may still be held. Look.`,
      `${STAMP}  looking at what is on the arrays`,
      '',
    ]);
    await output.close(6);
  });

  test('says nothing at all on exit 0', async () => {
    const heard = listen();
    await tell(quietOutput(heard.parts), 0);
    expect(heard.out() + heard.err()).toBe('');
  });

  test('prints what a command was called for that only shows, and still nothing else', async () => {
    const [shown, kept] = [listen({ shows: true }), listen()];
    for (const { parts } of [shown, kept]) {
      const output = quietOutput(parts);
      output.note(['beside it']);
      output.document(['the list'], {});
      await output.close(0);
    }
    expect([shown.out(), shown.err(), kept.out(), kept.err()]).toEqual(['the list\n', '', '', '']);
  });

  test('says on any other exit what plain would have said, with the times at which it happened', async () => {
    const [quiet, plain] = [listen(), listen()];
    let hour = 0;
    const ticking: Clock = { ...clock, date: () => new Date(Date.UTC(2026, 10, 22, hour++)) };
    const again: Clock = { ...clock, date: () => new Date(Date.UTC(2026, 10, 22, hour++)) };
    await tell(quietOutput({ ...quiet.parts, clock: ticking }), 5);
    hour = 0;
    await tell(plainOutput({ ...plain.parts, clock: again }), 5);
    expect(quiet.err()).toBe(plain.err());
    expect(quiet.err()).toContain('error: array bulk: pool full');
  });
});

describe('json', () => {
  test('carries the flags that were given in its hints, as lines do', () => {
    const typed = typedWith({ topology: 'lab.yaml' });
    const heard = listen({ typed });
    const fault = new Fault({ code: 'x', message: 'wrong', hint: 'Look: stillpoint show 1' });
    jsonOutput(heard.parts).fault(fault);
    expect(JSON.parse(heard.out())).toMatchObject({ hint: 'Look: stillpoint show -t lab.yaml 1' });
    const stream = new PassThrough();
    const text = collect(stream);
    sinkOf(stream, typed).lines(['  stillpoint mend']);
    expect(text()).toBe('  stillpoint mend -t lab.yaml\n');
  });

  test('is one object a line, each with v, type and at, the last the result', async () => {
    const heard = listen();
    await tell(jsonOutput(heard.parts), 0);
    const objects = heard
      .out()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(objects).toHaveLength(EVENTS.length + 1);
    for (const object of objects)
      expect(object).toMatchObject({ v: 1, type: expect.any(String), at: '2026-11-22T02:00:04.512Z' });
    expect(objects.at(-1)).toEqual({
      v: 1,
      type: 'result',
      at: '2026-11-22T02:00:04.512Z',
      exit: 0,
      line: 'the answer',
      because: ['not said'],
      log: '/log',
      set: 'id',
      size: '7',
    });
    expect(heard.err()).toBe('');
  });

  test('ends a failure with the fault', async () => {
    const heard = listen();
    await tell(jsonOutput(heard.parts), 5);
    expect(JSON.parse(heard.out().trim().split('\n').at(-1) ?? '')).toEqual({
      v: 1,
      type: 'fault',
      at: '2026-11-22T02:00:04.512Z',
      exit: 5,
      code: 'window.refused',
      message: 'array bulk: pool full',
      hint: 'Make room.',
      log: '/the/log.jsonl',
    });
  });

  test('writes what a command shows as one document', () => {
    const heard = listen();
    jsonOutput(heard.parts).document(['for people'], { type: 'list', sizes: [1n] });
    expect(JSON.parse(heard.out())).toEqual({ v: 1, type: 'list', sizes: ['1'] });
  });

  test('writes one document also where steps came before it; findings stand in it as warnings', () => {
    const heard = listen();
    const output = jsonOutput(heard.parts);
    for (const event of EVENTS.filter(({ type }) => type === 'step' || type === 'finding')) output.emit(event);
    output.document(['for people'], { type: 'plan' });
    expect(JSON.parse(heard.out())).toEqual({
      v: 1,
      type: 'plan',
      warnings: [{ code: 'x', severity: 'warning', subject: 'array fast', message: 'is slow', hint: 'Look.' }],
    });
  });

  test('writes what came before a failure, where no run had begun', () => {
    const heard = listen();
    const output = jsonOutput(heard.parts);
    output.emit({ type: 'step', step: 'resolve' });
    output.fault(FAULT);
    const types = heard
      .out()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).type);
    expect(types).toEqual(['step', 'fault']);
  });
});

describe('a reader that is gone', () => {
  let program: Compiled;
  beforeAll(async () => {
    program = await compiled('test/fixtures/output-program.ts');
  });
  afterAll(() => program.remove());

  /** Closes the near end of the given streams at the first byte; answers the exit code and what came on descriptor 3. */
  function run(
    mode: string,
    exit: number,
    closed: readonly number[],
  ): Promise<{ readonly exit: number | null; readonly end: string; readonly heard: readonly string[] }> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program.program, mode, String(exit)], {
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      });
      const heard = ['', '', '', ''];
      for (const descriptor of [1, 2, 3]) {
        const stream = child.stdio[descriptor];
        stream?.on('data', (bytes: Buffer) => {
          heard[descriptor] += bytes.toString('utf8');
          if (closed.includes(descriptor)) stream.destroy();
        });
        if (closed.includes(descriptor) && descriptor !== 3) setTimeout(() => stream?.destroy(), 100);
      }
      child.once('error', reject);
      child.once('close', (code) => resolve({ exit: code, end: heard[3] ?? '', heard }));
    });
  }

  test.each([
    ['plain', 0, [2]],
    ['plain', 5, [1, 2]],
    ['json', 0, [1]],
    ['json', 5, [1, 2]],
    ['quiet', 5, [2]],
  ])('does not end a run: %s, exit %i, descriptors %j closed', async (mode, exit, closed) => {
    expect(await run(mode, exit, closed)).toMatchObject({ exit, end: 'came to its end' });
  });

  test.each([
    ['plain', 2],
    ['json', 1],
  ])('and one that is there gets every line: %s', async (mode, descriptor) => {
    const { heard } = await run(mode, 5, []);
    expect(heard[descriptor]?.match(/line \d+/g)).toHaveLength(5000);
  });
});
