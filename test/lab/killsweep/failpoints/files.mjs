import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { fileName } from './names.mjs';
import { passing } from './place.mjs';

/** Those that change something, and which of their arguments names it. Reading leaves nothing behind to die between. */
const CHANGING = { mkdir: 0, rename: 1, link: 1, unlink: 0, rm: 0, writeFile: 0, copyFile: 1 };
const CHANGING_OPEN = /[wa+]/;
const OF_A_HANDLE = ['writeFile', 'appendFile', 'write', 'sync', 'datasync', 'truncate'];

/** The program's files. Every call is a place before and after it, every fsync among them. */
export function tapFiles() {
  for (const [call, named] of Object.entries(CHANGING)) {
    const real = files[call];
    files[call] = (...args) => passing(`${call} ${fileName(args[named])}`, () => real(...args));
  }
  const { open } = files;
  files.open = async (path, flags, ...rest) => {
    const name = fileName(path);
    const opened = () => open(path, flags, ...rest);
    const handle = CHANGING_OPEN.test(String(flags)) ? await passing(`open ${name}`, opened) : await opened();
    for (const call of OF_A_HANDLE) {
      const real = handle[call];
      handle[call] = (...args) => passing(`${call} ${name}`, () => real.apply(handle, args));
    }
    return handle;
  };
  syncBuiltinESMExports();
}
