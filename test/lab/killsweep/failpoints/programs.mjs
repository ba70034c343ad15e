import programs from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { commandName } from './names.mjs';
import { pass } from './place.mjs';
import { listenIn } from './talk.mjs';

/**
 * `localShell` starts a shell that becomes the program.
 * @param {readonly string[]} argv
 */
function unguarded(argv) {
  return argv[0] === '/bin/sh' && argv[3] === 'stillpoint' ? argv.slice(4) : argv;
}

/** Programs on this machine: before one is started, once it runs, what is said to it and by it, its end. */
export function tapPrograms() {
  const { spawn } = programs;
  programs.spawn = (file, args, options) => {
    const name = commandName(unguarded([file, ...args]));
    pass(`before ${name}`);
    const child = spawn(file, args, options);
    pass(`during ${name}`);
    if (child.stdin && child.stdout) {
      listenIn(name, { stdin: child.stdin, stdout: child.stdout, whole: child, end: 'exit' });
    }
    return child;
  };
  syncBuiltinESMExports();
}
