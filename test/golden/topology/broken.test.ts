import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { excerpt } from '../../../src/topology/excerpt.ts';
import { readTopology } from '../../../src/topology/read.ts';
import { someMakes } from '../../unit/topology/makes.ts';
import { expectGolden } from '../golden.ts';

const FOLDER = fileURLToPath(new URL('broken', import.meta.url));
const GOOD = `version: 1
arrays:
  fast: { driver: btrfs, root: /srv/luns }
vms:
  mail01: { ssh: { host: mail01 }, quiesce: fsfreeze }
groups:
  mail: { vms: [mail01] }
`;

/** What an editor, git or a mail program would mend on its way into the repository. */
const MADE: Readonly<Record<string, () => Buffer>> = {
  'nested-10000-deep': () => Buffer.from('['.repeat(10_000) + ']'.repeat(10_000)),
  'nested-10000-deep-by-aliases': () =>
    Buffer.from(Array.from({ length: 10_000 }, (_, i) => `x-${i}: &a${i} [${i === 0 ? '' : `*a${i - 1}`}]\n`).join('')),
  'five-megabytes': () => Buffer.alloc(5 * 1024 * 1024, `${GOOD}# `),
  'latin-1': () => Buffer.from(GOOD.replaceAll('mail01', 'büro'), 'latin1'),
  'utf-16': () => Buffer.from(`\uFEFF${GOOD}`, 'utf16le'),
  'a-nul': () => Buffer.from(GOOD.replace('fast', 'fa\0st')),
  'an-escape-sequence': () => Buffer.from(GOOD.replace('fast', 'fa\u001B[2Jst')),
  'windows-line-ends': () => Buffer.from(GOOD.replace('quiesce', 'quiese').replaceAll('\n', '\r\n')),
  'byte-order-mark': () => Buffer.from(`\uFEFF${GOOD.replace('version', 'verson')}`),
  'no-bytes': () => Buffer.alloc(0),
};

const folder = mkdtempSync(join(tmpdir(), 'stillpoint-broken-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a broken topology', () => {
  const written = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

  it.each(written)('%s has the findings that its golden file tells', async (name) => {
    await expectFindings(join(FOLDER, name));
  });

  it.each(Object.keys(MADE))('%s has the findings that its golden file tells', async (name) => {
    const path = join(folder, `${name}.yaml`);
    writeFileSync(path, MADE[name]?.() ?? '');
    await expectFindings(path);
  });

  it('has a golden file, and every golden file a topology', () => {
    const goldens = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));
    const names = [...written.map((name) => basename(name, '.yaml')), ...Object.keys(MADE)];
    expect(goldens.map((name) => basename(name, '.txt')).sort()).toEqual(names.sort());
    expect(names.length).toBeGreaterThanOrEqual(30);
  });
});

async function expectFindings(path: string): Promise<void> {
  const { topology, findings } = await readTopology(path, someMakes, { env: {} });
  const name = basename(path, '.yaml');
  const told = findings.map((finding) => excerpt(finding).replaceAll(path, `${name}.yaml`)).join('\n\n');
  expectGolden(`${told}\n`, join(FOLDER, `${name}.txt`));
  expect(topology).toBeUndefined();
  expect(told).not.toMatch(/hunter|abc-123|12345/);
}
