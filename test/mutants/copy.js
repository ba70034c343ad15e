// A copy of the tree to break: what the tests read, with the same installed packages, in a temporary folder.
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileOf } from './tests.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const COPIED = ['src', 'test', 'bin', 'examples', 'docs', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

/** Goes away with the process, also when that is interrupted. */
export function copyTree() {
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-mutants-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const name of COPIED) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Why this mutant is not one of the tree as it is now; undefined: its guard is there, exactly once, and so are its tests. */
export function staleness({ file, before, after, tests }) {
  const times = readFileSync(join(root, file), 'utf8').split(before).length - 1;
  if (times !== 1) return `what it replaces stands ${times} times in ${file}`;
  const absent = tests.map(fileOf).find((path) => !existsSync(join(root, path)));
  if (absent !== undefined) return `there is no ${absent}`;
  return before === after ? 'it changes nothing' : undefined;
}

/** Does `work` while this one guard is gone from the copy. */
export async function mutated(folder, { file, before, after }, work) {
  const path = join(folder, file);
  const whole = readFileSync(path, 'utf8');
  writeFileSync(path, whole.split(before).join(after));
  try {
    return await work();
  } finally {
    writeFileSync(path, whole);
  }
}
