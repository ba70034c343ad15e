// Every guard that is taken out, one at a time. An entry:
//   name    what goes wrong without it
//   why     the promise that it guards, in one sentence
//   file    where it stands; `before`: its text, exactly once there; `after`: what a wrong refactoring would make of it
//   tests   who must notice: FILE, or FILE > PART OF THE TEST'S NAME
import { arrays } from './arrays.js';
import { base } from './base.js';
import { catalog } from './catalog.js';
import { cli } from './cli.js';
import { flows } from './flows.js';
import { holder } from './holder.js';
import { inventory } from './inventory.js';
import { mending } from './mending.js';
import { plan } from './plan.js';
import { proving } from './proving.js';
import { transport } from './transport.js';
import { window } from './window.js';

const areas = { window, flows, mending, catalog, base, plan, inventory, arrays, transport, holder, proving, cli };

export const table = Object.entries(areas).flatMap(([area, mutants]) =>
  mutants.map((mutant) => ({ ...mutant, table: `test/mutants/${area}.js` })),
);
