/** A far end that sends more than this without a newline is not speaking our language. */
export const LONGEST_LINE_BYTES = 64 * 1024;

const NEWLINE = 0x0a;

/**
 * Cuts a stream of bytes into lines, without their newline. What follows the last newline is never a line: half a word
 * is no word. Answers false once a line is longer than is allowed; nothing is to be pushed after that.
 */
export function lineSplitter(receive: (line: string) => void): (chunk: Buffer) => boolean {
  let pieces: Buffer[] = [];
  let held = 0;
  return (chunk) => {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      if (held + at - from > LONGEST_LINE_BYTES) return false;
      receive(Buffer.concat([...pieces, chunk.subarray(from, at)]).toString());
      pieces = [];
      held = 0;
      from = at + 1;
    }
    if (from < chunk.length) pieces.push(chunk.subarray(from));
    held += chunk.length - from;
    return held <= LONGEST_LINE_BYTES;
  };
}
