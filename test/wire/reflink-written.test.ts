import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { reflinkConfig } from '../../src/arrays/reflink/config.ts';
import { reflink } from '../../src/arrays/reflink/driver.ts';
import { systemClock } from '../../src/base/clock.ts';
import { deadline } from '../../src/base/deadline.ts';
import { localShell } from '../../src/transport/local.ts';
import { needs } from '../needs.ts';

const root = mkdtempSync(join(tmpdir(), 'stillpoint-reflink-'));
afterEach(() => rmSync(root, { recursive: true, force: true }));

needs('linux')('a clone on a file system that clones files', () => {
  test('that was written to long after it was made is of no use, and it says when that was', async () => {
    const folder = join(root, '.stillpoint');
    mkdirSync(folder);
    for (const name of ['early', 'late']) writeFileSync(join(folder, `spaaaaaaaaaaaaa-${name}@1-1.000000000`), name);
    const later = new Date(Date.now() + 3_600_000).toISOString();
    execFileSync('touch', ['-d', later, join(folder, 'spaaaaaaaaaaaaa-late@1-1.000000000')]);
    const array = reflink('fast', reflinkConfig.parse({ local: true, root }), {
      clock: systemClock,
      shell: async () => localShell({ clock: systemClock }),
      volumes: [],
    });
    const found = await array.findAll(deadline(systemClock, 10_000, 'the test'));
    const invalid = Object.fromEntries(found.map((snapshot) => [snapshot.source.name, snapshot.invalid]));
    expect(invalid).toEqual({ early: undefined, late: `was written to at ${later}, long after it was taken` });
    await array.close();
  });
});
