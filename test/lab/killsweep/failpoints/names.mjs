import { basename, relative } from 'node:path';

const HOME = process.env.STILLPOINT_HOME ?? '/';
/** What is another in every run, and what stands for it. */
const VARYING = [
  [/[^/\s]+-\d{8}T\d{6}Z-[0-9a-f]{4}/g, 'RUN'],
  [/sp[a-z2-7]{13}(?![a-z0-9])/g, 'LABEL'],
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '*'],
  [/[0-9a-f]{12,}/g, '*'],
  [/\d{5,}/g, '*'],
];
/** Words of a command that say what it does; options, paths and scripts vary, or are long. */
const SPEAKING = /^[a-z][a-z0-9-]*$/;
const WORDS = 3;
const ENVIRONMENT = /^(env|LC_ALL=\S*|TZ=\S*)$/;

/** @param {string} text */
function constant(text) {
  return VARYING.reduce((left, [varying, name]) => left.replaceAll(varying, name), text);
}

/**
 * A file of the state folder, the same in every run.
 * @param {unknown} path
 */
export function fileName(path) {
  return constant(relative(HOME, String(path)) || '.');
}

/**
 * What a command is about: 'btrfs subvolume list'.
 * @param {readonly string[]} argv
 */
export function commandName(argv) {
  const [program = '', ...args] = argv.filter((word) => !ENVIRONMENT.test(basename(word)));
  const silent = args.findIndex((word) => !SPEAKING.test(word));
  const speaking = silent === -1 ? args : args.slice(0, silent);
  return [basename(program), ...speaking.slice(0, WORDS - 1)].join(' ');
}

/**
 * What a line of a dialogue says, without the session's mark before it: 'freeze', 'THAWED', 'ping', '0'.
 * @param {string} text
 */
export function wordIn(text) {
  if (text.trimEnd().includes('\n')) return 'its program';
  return (
    text
      .trim()
      .replace(/^[0-9a-f]{16} /, '')
      .split(' ')[0] ?? ''
  );
}
