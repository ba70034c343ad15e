// npm-shrinkwrap.json for the package: the exact versions and checksums of what it runs on, taken from package-lock.json. A
// lock file is never published, so without this an installation takes whatever is newest on that day. Made when the package
// is, and taken away again (`rm`): npm would read it here instead of the lock file.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

if (process.argv[2] === 'rm') rmSync(file('npm-shrinkwrap.json'), { force: true });
else writeFileSync(file('npm-shrinkwrap.json'), `${JSON.stringify(shrinkwrap(), null, 2)}\n`);

function shrinkwrap() {
  const { packages, ...lock } = JSON.parse(readFileSync(file('package-lock.json'), 'utf8'));
  const kept = Object.entries(packages).filter(([, { dev }]) => dev !== true);
  const { devDependencies: _, ...own } = packages[''];
  return { ...lock, packages: { ...Object.fromEntries(kept), '': own } };
}
