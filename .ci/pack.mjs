// What would be published, held against what should be: nothing of the tests, everything that runs.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const listing = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'], {
  cwd: root,
  encoding: 'utf8',
});
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
  'bench/window/hold-snapshot-release.sh',
];
const allowed =
  /^(bin\/|dist\/|examples\/|docs\/|bench\/window\/hold-snapshot-release\.sh$|(README|CHANGELOG|CONTRIBUTING)\.md$|LICENSE$|package\.json$)/;
const missing = wanted.filter((path) => !paths.includes(path));
const strange = paths.filter((path) => !allowed.test(path) || path.endsWith('.ts'));
for (const path of missing) process.stderr.write(`npm pack leaves out ${path}\n`);
for (const path of strange) process.stderr.write(`npm pack carries ${path}\n`);
process.stdout.write(`${paths.length} files, ${Math.round(size / 1024)} KiB\n`);
process.exit(missing.length + strange.length === 0 ? 0 : 1);
