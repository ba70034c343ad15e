import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const READY = fileURLToPath(new URL('../../.ci/ready.mjs', import.meta.url));

describe('what `npm start` and `npm test` begin with, in a checkout', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'stillpoint-ready-'));
    for (const name of ['.ci', 'src', 'bin', 'node_modules', 'dist']) mkdirSync(join(folder, name));
    cpSync(READY, join(folder, '.ci', 'ready.mjs'));
    for (const name of ['package.json', 'package-lock.json', 'src/main.ts']) writeFileSync(join(folder, name), '{}');
    // Stands in for npm: it says what it was called with, and brings what the real one would.
    writeFileSync(
      join(folder, 'bin', 'npm'),
      `#!/bin/sh
echo "npm $*" >> ${folder}/calls
[ "$1" = ci ] && touch ${folder}/node_modules/.package-lock.json
[ "$1" = run ] && touch ${folder}/dist/.built
exit 0
`,
    );
    chmodSync(join(folder, 'bin', 'npm'), 0o755);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const ready = () =>
    spawnSync(process.execPath, [join(folder, '.ci', 'ready.mjs')], {
      env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` },
      encoding: 'utf8',
    });

  test('the first time it says that it installs dependencies and builds, on standard error', () => {
    expect(ready()).toMatchObject({ status: 0, stdout: '', stderr: 'installing dependencies …\nbuilding …\n' });
  });

  test('where all is there it says nothing', () => {
    expect(ready()).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });
});
