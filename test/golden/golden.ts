import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Compares a text with a file of the repository, character by character. STILLPOINT_GOLDEN=write makes the files anew:
 * then look at what git says has changed.
 * @param file absolute, or a URL made with import.meta.url
 */
export function expectGolden(text: string, file: string | URL): void {
  const path = typeof file === 'string' ? file : fileURLToPath(file);
  const name = relative(ROOT, path);
  if (process.env.STILLPOINT_GOLDEN === 'write') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return;
  }
  expect(existsSync(path), `${name} is not there: run the test once with STILLPOINT_GOLDEN=write`).toBe(true);
  expect(text, `${name} differs; if it should: STILLPOINT_GOLDEN=write`).toBe(readFileSync(path, 'utf8'));
}
