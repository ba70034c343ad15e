// Makes a checkout ready to run, and does nothing where it already is: dependencies as the lock file says, and dist/
// newer than every source. `npm start`, `npm test` and `npm pack` begin here, so that nothing has to be known before them.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`Stillpoint needs Node 20.19 or newer; this is ${process.version}.\n`);
  process.exit(2);
}

if (modified('package-lock.json') > modified('node_modules/.package-lock.json')) {
  say('installing dependencies');
  npm('ci');
}
if (newest('src', 'package.json', 'tsconfig.json', 'tsconfig.build.json') > modified('dist/.built')) {
  say('building');
  npm('run', 'build');
}

/** The first `npm start` takes its time before it shows anything of its own. */
function say(what) {
  process.stderr.write(`${what} …\n`);
}

function npm(...args) {
  // Before `npm pack --dry-run` too: npm hands its own flags on to what it starts.
  const flags = ['--loglevel=error', '--no-dry-run'];
  const { status, error } = spawnSync('npm', [...args, ...flags], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status === 0) return;
  process.stderr.write(
    `npm ${args.join(' ')} failed${error === undefined ? '' : `: ${error.message}`}; run it by itself to see why.\n`,
  );
  process.exit(1);
}

function modified(path) {
  const whole = join(root, path);
  return existsSync(whole) ? statSync(whole).mtimeMs : 0;
}

function newest(...paths) {
  let latest = 0;
  for (const path of paths) {
    if (!existsSync(join(root, path))) continue;
    latest = Math.max(latest, modified(path));
    if (!statSync(join(root, path)).isDirectory()) continue;
    for (const entry of readdirSync(join(root, path))) latest = Math.max(latest, newest(join(path, entry)));
  }
  return latest;
}
