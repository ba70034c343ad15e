// Every guard that is taken out, one at a time. An entry:
//   name    what goes wrong without it
//   why     the promise that it guards, in one sentence
//   file    where it stands; `before`: its text; `after`: what a wrong refactoring would make of it. Names may change, and
//           files may move, without this entry: see anchor.js
//   tests   who must notice: FILE, or FILE > PART OF THE TEST'S NAME
// As the guards stand now: `file` and `tests` are where they lie, `renamed` is what has another name than here, `stale` why
// a guard is not found.
import { fileURLToPath } from 'node:url';
import { locate } from './anchor.js';
import { arrays } from './arrays.js';
import { base } from './base.js';
import { catalog } from './catalog.js';
import { flows } from './flows.js';
import { holder } from './holder.js';
import { inventory } from './inventory.js';
import { mending } from './mending.js';
import { plan } from './plan.js';
import { proving } from './proving.js';
import { transport } from './transport.js';
import { window } from './window.js';

const areas = { window, flows, mending, catalog, base, plan, inventory, arrays, transport, holder, proving };

export const root = fileURLToPath(new URL('../..', import.meta.url));

export const table = Object.entries(areas).flatMap(([area, mutants]) =>
  mutants.map((mutant) => {
    const { file = mutant.file, tests = mutant.tests, renamed = [], stale } = locate(root, mutant);
    return { ...mutant, file, tests, renamed, stale, table: `test/mutants/${area}.js` };
  }),
);
