// What would be published, held against what should be: nothing of the tests, everything that runs, and the exact versions of
// what it runs on.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const shrinkwrap = fileURLToPath(new URL('shrinkwrap.mjs', import.meta.url));
execFileSync(process.execPath, [shrinkwrap]);
const pinned = JSON.parse(readFileSync(new URL('../npm-shrinkwrap.json', import.meta.url), 'utf8')).packages;
const listing = listed();
const [{ files, size }] = JSON.parse(listing.slice(listing.indexOf('[')));
const paths = files.map(({ path }) => path);
const wanted = [
  'bin/stillpoint.js',
  'dist/cli/main.js',
  'dist/quiesce/holder/holder.py',
  'dist/quiesce/holder/holder.pl',
  'dist/quiesce/holder/freeze.sh',
  'dist/quiesce/holder/channel.sh',
  'dist/quiesce/holder/keep.sh',
  'dist/demo/array.sh',
  'dist/ledger/ledger.py',
  'examples/two-tier.yaml',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'npm-shrinkwrap.json',
  'bench/window/hold-snapshot-release.sh',
];
const allowed =
  /^(bin\/|dist\/|examples\/|docs\/|bench\/window\/hold-snapshot-release\.sh$|(README|CHANGELOG|CONTRIBUTING|SECURITY)\.md$|LICENSE$|(package|npm-shrinkwrap)\.json$)/;
const missing = wanted.filter((path) => !paths.includes(path));
const strange = paths.filter((path) => !allowed.test(path) || path.endsWith('.ts'));
/** npm would go by it in this checkout, instead of the lock file: it does not outlive this. */
function listed() {
  try {
    const words = ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'];
    return execFileSync('npm', words, { cwd: root, encoding: 'utf8' });
  } finally {
    execFileSync(process.execPath, [shrinkwrap, 'rm']);
  }
}

for (const path of missing) process.stderr.write(`npm pack leaves out ${path}\n`);
for (const path of strange) process.stderr.write(`npm pack carries ${path}\n`);
const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const loose = [
  ...Object.keys(dependencies).filter((name) => pinned[`node_modules/${name}`] === undefined),
  ...Object.entries(pinned).flatMap(([path, { dev, integrity, resolved }]) =>
    path === '' || (dev !== true && integrity !== undefined && resolved === undefined) ? [] : [path],
  ),
];
for (const path of loose) process.stderr.write(`npm-shrinkwrap.json does not pin ${path}, or should not have it\n`);
process.stdout.write(`${paths.length} files, ${Math.round(size / 1024)} KiB\n`);
process.exit(missing.length + strange.length + loose.length === 0 ? 0 : 1);
