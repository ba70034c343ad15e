import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { Fault } from '../../src/base/fault.ts';
import { jsonLine, jsonText } from '../../src/base/json.ts';
import type { RunEvent } from '../../src/ports.ts';
import { jsonOutput } from '../../src/ui/json.ts';
import { liveOutput } from '../../src/ui/live.ts';
import type { Output, OutputParts } from '../../src/ui/output.ts';
import { type Paint, PLAIN, paintFor } from '../../src/ui/paint.ts';
import { plainOutput } from '../../src/ui/plain.ts';
import { quietOutput } from '../../src/ui/quiet.ts';
import { sinkOf } from '../../src/ui/sink.ts';
import { hostileText } from './kit/hostile-text.ts';
import { runs } from './kit/survives.ts';

const clock: Clock = { now: () => 0, date: () => new Date('2026-11-22T02:00:04.512Z'), after: () => () => undefined };

/** What a terminal must never get from a name: controls beside the line's end and our own colours, turned order. */
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
const OURS = /\u001b\[(?:0|1|2|22|31|32|33|39)m/g;
const COLOURED = paintFor({ terminal: true, refused: false, env: { TERM: 'xterm' } });

describe('whatever a name, a reason or an error holds', () => {
  test.each<readonly [string, Form, Paint]>([
    ['plain', plainOutput, PLAIN],
    ['coloured', plainOutput, COLOURED],
    ['quiet', quietOutput, COLOURED],
    ['live', liveOutput, COLOURED],
  ])('%s output moves nothing on a terminal, and leaves no colour on', async (_, form, paint) => {
    await fc.assert(
      fc.asyncProperty(hostileText, async (text) => {
        const said = await told(text, form, paint);
        expect(said.replaceAll(OURS, '')).not.toMatch(OBEYED);
        for (const line of said.split('\n')) {
          const last = [...line.matchAll(/\u001b\[(\d+)m/g)].at(-1)?.[1];
          expect([undefined, '0', '22', '39']).toContain(last);
        }
      }),
      runs(80),
    );
  });

  test('--json stays JSON of the same text, and holds nothing that a terminal obeys', async () => {
    await fc.assert(
      fc.asyncProperty(hostileText, async (text) => {
        const said = await told(text, jsonOutput);
        expect(said).not.toMatch(OBEYED);
        const objects = said
          .trimEnd()
          .split('\n')
          .map((line): { message?: string } => JSON.parse(line));
        expect(objects.at(-1)?.message).toBe(new Fault({ code: 'x', message: text }).message);
      }),
      runs(80),
    );
  });

  test('is the same after a way through JSON, in one line or in many', () => {
    fc.assert(
      fc.property(fc.dictionary(hostileText, hostileText), (value) => {
        const sound = { ...value };
        expect(JSON.parse(jsonLine(sound))).toEqual(sound);
        expect(JSON.parse(jsonText(sound))).toEqual(sound);
        expect(jsonLine(sound)).not.toMatch(OBEYED);
      }),
      runs(100),
    );
  });
});

type Form = (parts: OutputParts, stderr: PassThrough) => Output;

async function told(text: string, form: Form, paint = PLAIN): Promise<string> {
  const [stdout, stderr] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })];
  const parts = { out: sinkOf(stdout), err: sinkOf(stderr), clock, paint, verbose: true };
  const output = form(parts, stderr);
  for (const event of eventsAbout(text)) output.emit(event);
  output.note([paint.bad(text), text]);
  output.fault(new Fault({ code: 'x', message: text, hint: text }), { log: `/log/${text}`, because: [text] });
  await output.close(5);
  return `${stdout.read() ?? ''}${stderr.read() ?? ''}`;
}

function eventsAbout(text: string): readonly RunEvent[] {
  return [
    { type: 'run', run: 'mail-20261122T020003Z-7f3a', group: text, label: 'spaaaaaaaaaaaaa' },
    { type: 'step', step: 'arm', detail: text },
    { type: 'guest', vm: text, stage: 0, is: 'not-held', atMs: 1, why: text },
    { type: 'array', array: text, is: 'refused', atMs: 2, why: text },
    { type: 'finding', finding: { code: 'x', severity: 'error', subject: text, message: text, hint: text } },
    { type: 'outcome', state: 'failed', exit: 5, line: text },
  ];
}
