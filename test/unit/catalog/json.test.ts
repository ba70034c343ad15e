import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, jsonLine, jsonText, parseJson } from '../../../src/base/json.ts';
import { Secret } from '../../../src/base/secret.ts';

test('what JSON lacks is written so that it can be read: bigint, dates, maps, sets', () => {
  const value = { size: 2n ** 64n, at: new Date(0), map: new Map([['a', 1n]]), set: new Set(['x']), none: undefined };
  expect(jsonLine(value)).toBe(
    '{"size":"18446744073709551616","at":"1970-01-01T00:00:00.000Z","map":{"a":"1"},"set":["x"]}',
  );
});

test('a secret is never written, however deep it lies', () => {
  const value = { list: [{ password: new Secret('hunter2') }], map: new Map([['token', new Secret('hunter2')]]) };
  for (const text of [jsonLine(value), jsonText(value), canonicalJson(value)]) {
    expect(text).not.toContain('hunter2');
    expect(text).toContain('[secret]');
  }
});

test('the canonical text is the same for any order of members, and survives a round trip', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      expect(canonicalJson(parseJson(jsonText(value)))).toBe(canonicalJson(value));
    }),
  );
});

test('two values that differ have canonical texts that differ', () => {
  const values = [{}, [], '', 0, null, false, [[]], [1, 2], [2, 1], { a: 1 }, { a: '1' }, { b: 1 }, { a: { b: 1 } }];
  expect(new Set(values.map(canonicalJson)).size).toBe(values.length);
});

test('what is not whole JSON reads as undefined', () => {
  for (const text of ['', '{', '{"a":1', 'nul', '{}x']) expect(parseJson(text)).toBeUndefined();
});
