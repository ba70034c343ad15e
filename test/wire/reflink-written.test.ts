import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { reflinkConfig } from '../../src/arrays/reflink/config.ts';
import { reflink } from '../../src/arrays/reflink/driver.ts';
import { systemClock } from '../../src/base/clock.ts';
import { deadline } from '../../src/base/deadline.ts';
import { localShell } from '../../src/transport/local.ts';
import { needs } from '../needs.ts';
import { patient } from '../patience.ts';

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
    const found = await array.findAll(deadline(systemClock, patient(10_000), 'the test'));
    const invalid = Object.fromEntries(found.map((snapshot) => [snapshot.source.name, snapshot.invalid]));
    expect(invalid).toEqual({ early: undefined, late: `was written to at ${later}, long after it was taken` });
    await array.close();
  });

  test('that another run takes away while the others are looked at is not there, and nothing is wrong', async () => {
    const [folder, bin] = [join(root, '.stillpoint'), join(root, 'bin')];
    for (const path of [folder, bin]) mkdirSync(path, { recursive: true });
    for (const name of ['ours', 'theirs']) writeFileSync(join(folder, `spaaaaaaaaaaaaa-${name}@1-1.000000000`), name);
    const real = execFileSync('sh', ['-c', 'command -v stat'], { encoding: 'utf8' }).trim();
    writeFileSync(join(bin, 'stat'), `#!/bin/sh\nrm -f "${folder}"/*theirs*\nexec ${real} "$@"\n`);
    chmodSync(join(bin, 'stat'), 0o755);
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
    const array = reflink('fast', reflinkConfig.parse({ local: true, root }), {
      clock: systemClock,
      shell: async () => localShell({ clock: systemClock, env }),
      volumes: [],
    });
    const found = await array.findAll(deadline(systemClock, patient(10_000), 'the test'));
    expect(found.map((snapshot) => snapshot.source.name)).toEqual(['ours']);
    await array.close();
  });
});
