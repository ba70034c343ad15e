import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { linesAbout, parseKnownHosts } from '../../src/transport/ssh/known-hosts.ts';
import { needs } from '../needs.ts';
import { bare, makeKey } from './kit/sshd.ts';

const host = fc.constantFrom('a', 'ab', 'a.b', 'A.b', 'b.a', 'axb', '10.0.0.1', '::1');
const pattern = fc
  .tuple(
    fc.constantFrom('', '', '', '!'),
    fc.array(fc.constantFrom('a', 'A', 'b', '.', '*', '?', '1'), { minLength: 1, maxLength: 4 }),
  )
  .map(([not, parts]) => `${not}${parts.join('')}`);
const names = fc.oneof(
  host,
  fc.array(fc.oneof(host, pattern), { minLength: 1, maxLength: 3 }).map((all) => all.join(',')),
);

needs('ssh')('what ssh-keygen -F finds in a known_hosts file', () => {
  let folder: string;
  let key: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'stillpoint-known-'));
    key = bare((await makeKey(join(folder, 'key'))).line);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('is what we find', () => {
    const file = join(folder, 'known_hosts');
    const property = fc.property(
      fc.array(names, { minLength: 1, maxLength: 4 }),
      host,
      fc.boolean(),
      (lines, wanted, hashed) => {
        writeFileSync(file, lines.map((line) => `${line} ${key}\n`).join(''));
        // It hashes plain names only, and leaves patterns as they are.
        if (hashed) spawnSync('ssh-keygen', ['-H', '-f', file]);
        // ssh looks for the name in lower case, and so do we; this program takes it as it is.
        const answer = spawnSync('ssh-keygen', ['-F', wanted.toLowerCase(), '-f', file], { encoding: 'utf8' }).stdout;
        const theirs = [...answer.matchAll(/found: line (\d+)/g)].map((match) => Number(match[1]));
        const text = readFileSync(file, 'utf8');
        const ours = linesAbout(parseKnownHosts(text, 'f'), wanted, 22).map((line) => Number(line.at.split(':')[1]));
        expect(ours).toEqual(theirs);
      },
    );
    // Each starts a program or two.
    fc.assert(property, { numRuns: 100 });
  });
});
