import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findTopology } from '../../../src/topology/find-topology.ts';

describe('the topology file', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'stillpoint-find-'));
  afterAll(() => rmSync(cwd, { recursive: true }));

  it('names all three places where there is none', () => {
    expect(findTopology({ env: { STILLPOINT_TOPOLOGY: '' }, cwd })).toMatchObject({
      finding: { message: expect.stringMatching(/-t .*\$STILLPOINT_TOPOLOGY .*\.\/stillpoint\.yaml/) },
    });
  });

  it('is the one of -t, then of the variable, then the one that is here', () => {
    writeFileSync(join(cwd, 'stillpoint.yaml'), '');
    const env = { STILLPOINT_TOPOLOGY: '/etc/stillpoint.yaml' };
    expect(findTopology({ flag: 'other.yaml', env, cwd })).toEqual({ file: 'other.yaml' });
    expect(findTopology({ env, cwd })).toEqual({ file: '/etc/stillpoint.yaml' });
    expect(findTopology({ env: {}, cwd })).toEqual({ file: 'stillpoint.yaml' });
  });
});
