import { Fault } from '../base/fault.ts';
import type { ArrayId } from '../model.ts';

/** A file's name holds 255 bytes; the label, a source's id and what stands between them want 64 of them. */
const LONGEST_BYTES = 190;

/**
 * A name from the topology or from an array, before it goes into any command. Quotes, blanks, `$(…)` are safe: every
 * argument reaches its program as it is. Refused is what a program itself could take for something else.
 */
export function safeName(array: ArrayId, name: string): string {
  const wrong = wrongWithName(name);
  if (wrong === undefined) return name;
  throw new Fault({
    code: 'array.unsafe-name',
    message: `array ${array}: the name ${shown(name)} ${wrong}`,
    hint: 'Rename it on the array, or leave it out.',
  });
}

/** The same for a name that becomes a path below the array's root. */
export function safePath(array: ArrayId, name: string): string {
  safeName(array, name);
  const odd = name.split('/').find((part) => part === '' || part === '.' || part === '..');
  if (odd === undefined) return name;
  throw new Fault({
    code: 'array.unsafe-name',
    message: `array ${array}: the name ${shown(name)} is no plain path below the root: it has the part '${odd}'`,
    hint: 'Write it relative to the root, without ., .. and double slashes.',
  });
}

/** What is wrong with a name, to follow it in a sentence; undefined: nothing. */
export function wrongWithName(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.startsWith('-')) return 'begins with a dash, which programs take for an option';
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(name)) return 'holds a line break or another control character';
  // What was no UTF-8 stands as U+FFFD by now: it is no longer the name that the array knows.
  if (/[\p{Cs}\ufffd]/u.test(name)) return 'is no valid text';
  if (Buffer.byteLength(name) > LONGEST_BYTES) return `is longer than ${LONGEST_BYTES} bytes`;
  return undefined;
}

/** A volume's name inside a snapshot's name, where a slash cannot stand. */
export function asPart(name: string): string {
  return name.replaceAll('%', '%25').replaceAll('/', '%2F');
}

export function fromPart(part: string): string {
  return part.replaceAll('%2F', '/').replaceAll('%25', '%');
}

function shown(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}
