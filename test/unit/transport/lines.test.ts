import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LONGEST_LINE_BYTES, lineSplitter } from '../../../src/transport/lines.ts';

function split(chunks: readonly Buffer[]): { readonly lines: readonly string[]; readonly fine: boolean } {
  const lines: string[] = [];
  const push = lineSplitter((line) => lines.push(line));
  return { fine: chunks.every((chunk) => push(chunk)), lines };
}

test('lines are the same however the bytes arrive, also inside a character', () => {
  const text = fc.array(fc.string({ unit: fc.constantFrom('a', 'ü', '😀', '\r', ' ') })).map((all) => all.join('\n'));
  fc.assert(
    fc.property(text, fc.array(fc.nat({ max: 40 })), (whole, cuts) => {
      const bytes = Buffer.from(whole);
      const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      expect(split(chunks)).toEqual({ fine: true, lines: whole.split('\n').slice(0, -1) });
    }),
  );
});

test('a line may have 64 KiB and no byte more, in one piece or in many', () => {
  const longest = Buffer.alloc(LONGEST_LINE_BYTES, 'x');
  const newline = Buffer.from('\n');
  expect(split([longest, newline])).toMatchObject({ fine: true });
  expect(split([Buffer.concat([longest, newline])]).lines).toHaveLength(1);
  expect(split([longest, Buffer.from('x')])).toEqual({ fine: false, lines: [] });
  expect(split([Buffer.concat([Buffer.from('ok\nx'), longest, newline])])).toEqual({ fine: false, lines: ['ok'] });
});
