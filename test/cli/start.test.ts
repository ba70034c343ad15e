import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stillpoint } from './bin.ts';

/** string-width, which every line for people is measured with, and what it needs. */
const WIDTHS = ['ansi-regex', 'get-east-asian-width', 'string-width', 'strip-ansi'];

describe('a short command loads little', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stillpoint-start-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test.each(['--version', '--help'])(
    '`%s`: commander, chalk and string-width, and the code of no command',
    async (flag) => {
      const { packages, ours } = await loadedBy([flag]);
      expect(packages).toEqual(['chalk', 'commander', ...WIDTHS].sort());
      expect(
        ours.filter((path) => /^(arrays|catalog|demo|flows|inventory|vsphere|cli\/commands\/)/.test(path)),
      ).toEqual([]);
    },
  );

  test('`list` with a topology: what reads files, and no driver, no SSH, no vSphere', async () => {
    const { stdout } = await stillpoint(['init'], { cwd: folder });
    writeFileSync(join(folder, 'stillpoint.yaml'), stdout);
    mkdirSync(join(folder, 'state'));
    const { packages, ours } = await loadedBy(['list', '--state', join(folder, 'state')]);
    expect(packages).toEqual(['chalk', 'commander', 'yaml', 'zod', ...WIDTHS].sort());
    expect(ours.filter((path) => /^(demo|flows|inventory|vsphere)\/|\/(driver|method)\.js$/.test(path))).toEqual([]);
  });

  /** The modules that the program loads: packages by name, its own by their path below dist/. */
  async function loadedBy(argv: readonly string[]) {
    const log = join(folder, 'loaded');
    const hooks = `import { appendFileSync } from 'node:fs';
      export function load(url, context, next) { appendFileSync(${JSON.stringify(log)}, url + '\\n'); return next(url, context); }`;
    const register = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(hooks))});`;
    const { exit, stderr } = await stillpoint(argv, {
      cwd: folder,
      env: { NODE_OPTIONS: `--import=${dataUrl(register)}` },
    });
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    const urls = readFileSync(log, 'utf8').split('\n');
    return {
      packages: [...new Set(urls.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []))].sort(),
      ours: urls.flatMap((url) => /\/dist\/(.*)$/.exec(url.replace(/.*node_modules.*/, ''))?.[1] ?? []),
    };
  }
});

function dataUrl(module: string): string {
  return `data:text/javascript,${encodeURIComponent(module)}`;
}
