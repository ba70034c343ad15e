// After tsc: what the compiler does not carry over (the holder's guest-side programs), and the mark that dist/ is whole.
import { cpSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const carried = /\.(py|pl|sh)$/;
cpSync(`${root}/src`, `${root}/dist`, {
  recursive: true,
  filter: (from) => !from.endsWith('.ts') && (carried.test(from) || !/\.[a-z]+$/.test(from)),
});
writeFileSync(`${root}/dist/.built`, '');
