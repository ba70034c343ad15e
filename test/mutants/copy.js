// A copy of the tree to break: what the tests read, with the same installed packages, in a temporary folder.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locate } from './anchor.js';
import { root } from './table.js';

const COPIED = ['src', 'test', 'bin', 'examples', 'docs', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

/** Goes away with the process, also when that is interrupted. */
export function copyTree() {
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-mutants-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const name of COPIED) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Does `work` while this one guard is gone from the copy. */
export async function mutated(folder, mutant, work) {
  const { file, from, to, after } = locate(folder, mutant);
  const path = join(folder, file);
  const whole = readFileSync(path, 'utf8');
  writeFileSync(path, whole.slice(0, from) + after + whole.slice(to));
  try {
    return await work();
  } finally {
    writeFileSync(path, whole);
  }
}
