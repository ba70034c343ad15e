import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseTopology } from '../../src/topology/read.ts';
import { someMakes } from '../unit/topology/makes.ts';
import { cutAnywhere } from './kit/mutated.ts';

const EXAMPLES = new URL('../../examples/', import.meta.url);
/** A megabyte is the most that is read, and takes seconds; a part of it shows whether time grows with its square. */
const SIZE = process.env.STILLPOINT_PROOF === 'full' ? 1024 * 1024 : 16 * 1024;

function read(text: string) {
  return parseTopology(text, 'stillpoint.yaml', someMakes, { env: {} });
}

describe('a topology that was written to do harm', () => {
  test.each([
    ['lists in lists', '[', ''],
    ['maps in maps', '{a: ', ''],
    ['keys below keys', '? ', ''],
    ['dashes after dashes', '- ', 'x'],
    ['anchors', '&a ', 'x'],
    ['aliases', '*a ', ''],
    ['tags', '!!str ', 'x'],
    ['an open quotation', '"\\n', ''],
    ['comments', '#\n', ''],
    ['documents', '---\n', ''],
    ['the same key', 'a: 1\n', ''],
    ['backslashes', '\\', ''],
    ['merges', '<<: {}\n', ''],
    ['references to the environment', '{ env: A }\n', ''],
  ])('of nothing but %s is refused in time, with few words', (_, piece, end) => {
    const { topology, findings } = read(piece.repeat(SIZE / piece.length - 1) + end);
    expect(topology).toBeUndefined();
    expect(findings.length).toBeLessThan(1000);
    for (const { message } of findings) expect(message.length).toBeLessThan(10_000);
  });

  test('whose aliases multiply is refused', () => {
    const lines = Array.from({ length: 30 }, (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]`);
    const { topology, findings } = read(['a0: &a0 [x, x]', ...lines, ''].join('\n'));
    expect(topology).toBeUndefined();
    expect(findings.length).toBeLessThan(1000);
  });

  test('that ends anywhere gives a topology or findings', () => {
    for (const name of readdirSync(EXAMPLES)) {
      for (const text of cutAnywhere(readFileSync(new URL(name, EXAMPLES), 'utf8')).filter((_, at) => at % 15 === 0)) {
        const { topology, findings } = read(text);
        expect(topology === undefined).toBe(findings.some(({ severity }) => severity === 'error'));
      }
    }
  });
});
