import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { excerpt } from '../../../src/topology/excerpt.ts';
import { parseTopology } from '../../../src/topology/read.ts';
import { someMakes } from './makes.ts';

const EXAMPLES = new URL('../../../examples/', import.meta.url);
const good = readdirSync(EXAMPLES).map((name) => readFileSync(new URL(name, EXAMPLES), 'utf8'));

/** Pieces that mean something to YAML or to a topology, so that arbitrary text gets past the first line. */
const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...'{}[]:,-?&*!|>#%@`"\' \n\t') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...[
        '\n  ',
        ': ',
        '- ',
        '<<: ',
        '&a ',
        '*a',
        '---\n',
        'version: 1\n',
        'arrays:',
        'vms:',
        'groups:',
        'driver: btrfs',
      ],
      ...[
        'password: ',
        'ssh: ',
        'quiesce: ',
        '{ env: A }',
        'after: ',
        'window: 8',
        '__proto__',
        'null',
        '~',
        '0x1F',
        '.inf',
      ],
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);
const text = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));

/** A good file with a few places cut out, doubled or replaced. */
const mutated = fc
  .record({
    from: fc.constantFrom(...good),
    edits: fc.array(
      fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), length: fc.nat(30), put: fc.oneof(piece, text) }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(({ from, edits }) =>
    edits.reduce((so, { at, length, put }) => {
      const start = Math.floor(at * so.length);
      return so.slice(0, start) + put + so.slice(start + length);
    }, from),
  );

describe('whatever the file holds', () => {
  it.each([
    ['arbitrary text', text],
    ['a mutated good file', mutated],
  ])('%s gives a topology or an error with its place, and never throws', (_, arbitrary) => {
    fc.assert(fc.property(arbitrary, hasAnAnswer), { numRuns: 300 });
  });
});

function hasAnAnswer(written: string): void {
  const { topology, findings } = parseTopology(written, 'stillpoint.yaml', someMakes, { env: {} });
  expect(topology === undefined).toBe(findings.some(({ severity }) => severity === 'error'));
  const lines = written.split('\n');
  for (const finding of findings) {
    expect(finding.message).not.toBe('');
    if (finding.at !== undefined) {
      expect(finding.at.line).toBeLessThanOrEqual(lines.length);
      expect(finding.at.column).toBeLessThanOrEqual((lines[finding.at.line - 1]?.length ?? 0) + 1);
    }
    const [first = '', ...rest] = excerpt(finding).split('\n');
    expect(first).toContain(finding.subject === 'topology' ? '' : finding.subject.replace(/[\0-\x1F\x7F-\x9F]/g, '·'));
    expect(rest.length).toBeLessThanOrEqual(2 + (finding.hint ?? '').split('\n').length);
  }
}
