import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cycleIn } from '../../../src/topology/cycle.ts';

describe('a circle of names', () => {
  it('is told as a path that ends where it began', () => {
    const after = new Map([
      ['outside', ['a']],
      ['a', ['b']],
      ['b', ['c', 'elsewhere']],
      ['c', ['a']],
    ]);
    expect(cycleIn(after)).toEqual(['a', 'b', 'c', 'a']);
  });

  it('is none where several follow the same one', () => {
    const after = new Map([
      ['a', ['c']],
      ['b', ['c']],
      ['c', ['d', 'd']],
      ['d', []],
    ]);
    expect(cycleIn(after)).toBeUndefined();
  });

  it('is found exactly where no order exists', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const graph = fc.array(fc.tuple(name, fc.array(name, { maxLength: 3 })), { maxLength: 6 });
    fc.assert(
      fc.property(graph, (entries) => {
        const after = new Map<string, readonly string[]>(entries);
        const circle = cycleIn(after);
        expect(circle === undefined).toBe(canBeOrdered(after));
        for (const [index, one] of circle?.slice(0, -1).entries() ?? []) {
          expect(after.get(one)).toContain(circle?.[index + 1]);
        }
      }),
    );
  });

  it('is looked for without recursion: a chain of 50,000 is no matter', () => {
    const chain = new Map(Array.from({ length: 50_000 }, (_, index) => [`${index}`, [`${index + 1}`]]));
    expect(cycleIn(chain)).toBeUndefined();
  });
});

function canBeOrdered(after: ReadonlyMap<string, readonly string[]>): boolean {
  const left = new Map(after);
  for (;;) {
    const free = [...left].find(([, names]) => names.every((name) => !left.has(name)));
    if (free === undefined) return left.size === 0;
    left.delete(free[0]);
  }
}
