import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../../dist/base/json.js';
import { newLabel, newSetId } from '../../dist/catalog/names.js';

const GROUPS = 10;
/** As many as a run leaves when it prunes. */
const RUNS = 200;
const LATEST_MS = Date.UTC(2026, 10, 22, 2);
const HOUR_MS = 3_600_000;

/**
 * A state folder of so many sets, one an hour in ten groups, each with a whole manifest whose checksum is right: copies of
 * the newest set in `from`, under names of their own. One in fifty is weak. The papers of the newest 200 runs are there.
 *
 * @param {string} root
 * @param {string} from the state folder of a demo
 * @param {number} count
 */
export function makeState(root, from, count) {
  const run = readdirSync(join(from, 'runs')).sort().at(-1) ?? '';
  const group = readdirSync(join(from, 'sets'))[0] ?? '';
  const manifest = JSON.parse(readFileSync(join(from, 'sets', group, run, 'manifest.json'), 'utf8'));
  const papers = readdirSync(join(from, 'runs', run))
    .filter((name) => /\.jsonl?$/.test(name))
    .map((name) => ({ name, text: readFileSync(join(from, 'runs', run, name), 'utf8') }));
  const { sha256: _, ...content } = manifest;
  const texts = ['good', 'weak'].map((state) => {
    const of = { ...content, state };
    return { canonical: canonicalJson(of), shown: JSON.stringify(of, undefined, 2) };
  });
  for (const folder of ['locks', 'runs', 'sets']) mkdirSync(join(root, folder), { recursive: true });
  for (let index = 0; index < count; index += 1) {
    const at = new Date(LATEST_MS - index * HOUR_MS);
    const own = `group${index % GROUPS}`;
    const id = newSetId(own, at, () => Uint8Array.of(index >> 8, index));
    const label = newLabel((bytes) => Uint8Array.from({ length: bytes }, (_byte, place) => index >> (5 * place)));
    /** @param {string} text */
    const renamed = (text) =>
      text
        .replaceAll(run, id)
        .replaceAll(manifest.label, label)
        .replaceAll(manifest.takenAt, at.toISOString())
        .replace(/("group": ?)"[^"]*"/g, `$1"${own}"`);
    const text = texts[index % 50 === 7 ? 1 : 0];
    const sha256 = createHash('sha256')
      .update(renamed(text?.canonical ?? ''))
      .digest('hex');
    const folder = join(root, 'sets', own, id);
    mkdirSync(folder, { recursive: true });
    const shown = renamed(text?.shown ?? '').replace(/\n\}$/, `,\n  "sha256": "${sha256}"\n}\n`);
    writeFileSync(join(folder, 'manifest.json'), shown);
    if (index >= RUNS) continue;
    mkdirSync(join(root, 'runs', id));
    for (const paper of papers) writeFileSync(join(root, 'runs', id, paper.name), renamed(paper.text));
  }
}
