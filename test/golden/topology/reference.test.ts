import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { makes } from '../../../src/cli/makes.ts';
import { topologyJsonSchema } from '../../../src/topology/json-schema.ts';
import { expectGolden } from '../golden.ts';
import { reference, undescribed } from './reference.ts';

describe('the reference of the topology file', () => {
  it('is what the schema says', () => {
    expectGolden(reference(topologyJsonSchema(makes)), new URL('../../../docs/reference/topology.md', import.meta.url));
  });

  it('describes every key that is not a make’s own', () => {
    const nothing = z.strictObject({});
    const schema = topologyJsonSchema({ arrays: { some: nothing }, methods: { some: nothing } });
    expect(undescribed(schema)).toEqual([]);
  });
});
