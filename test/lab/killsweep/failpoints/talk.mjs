import { wordIn } from './names.mjs';
import { pass } from './place.mjs';

/**
 * Listens in on a program at work. One that is only run to its end answers as a whole, by ending. One that is written to
 * is spoken with: every line to it is a place, and every line from it but for the facts (of one letter) that make up an
 * answer whose last line is one.
 *
 * @param {string} name
 * @param {{ stdin: import('node:stream').Writable, stdout: import('node:stream').Readable,
 *   whole: import('node:events').EventEmitter, end: string }} talk `end`: what `whole` emits when all has been said
 */
export function listenIn(name, { stdin, stdout, whole, end }) {
  let spoken = false;
  let begun = '';

  const write = stdin.write;
  stdin.write = (bytes) => {
    spoken = true;
    const word = wordIn(String(bytes));
    pass(`before ${name} > ${word}`);
    return write.call(stdin, bytes, () => pass(`after ${name} > ${word}`));
  };
  onBefore(stdout, 'data', (chunk) => {
    if (!spoken) return;
    const lines = `${begun}${chunk}`.split('\n');
    begun = lines.pop() ?? '';
    for (const word of lines.map(wordIn)) if (word.length > 1 || /\d/.test(word)) pass(`after ${name} < ${word}`);
  });
  onBefore(whole, end, () => pass(`after ${name}`));
}

/**
 * Comes before everybody who listens, also before those who listen later.
 *
 * @param {import('node:events').EventEmitter} emitter
 * @param {string} event
 * @param {(first: unknown) => void} see
 */
export function onBefore(emitter, event, see) {
  const { emit } = emitter;
  emitter.emit = (name, ...args) => {
    if (name === event) see(args[0]);
    return emit.call(emitter, name, ...args);
  };
}
