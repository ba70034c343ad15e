// npm run bench -- NAME [flags]: measures, and asserts nothing. docs/bench.md says what, and how to read it.
import { catalogBench } from './catalog/bench.js';
import { resolveBench } from './resolve/bench.js';
import { startBench } from './start/bench.js';
import { windowBench } from './window/bench.js';

const BENCHES = { catalog: catalogBench, resolve: resolveBench, start: startBench, window: windowBench };

// An orderly end also when interrupted: what a bench made is taken away on 'exit'.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const [name = '', ...flags] = process.argv.slice(2);
const bench = Object.hasOwn(BENCHES, name) ? BENCHES[/** @type {keyof typeof BENCHES} */ (name)] : undefined;
if (bench === undefined) {
  process.stderr.write(`npm run bench -- NAME [flags], NAME one of: ${Object.keys(BENCHES).join(', ')}\n`);
  process.exitCode = 2;
} else {
  await bench(flags);
}
