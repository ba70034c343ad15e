import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { type Problem, problem } from './problem.ts';

/** Ten thousand VMs, each with everything written out, fit in. */
const LARGEST_BYTES = 1024 * 1024;

export interface Text {
  /** As far as it could be read; with problems, only to point into. */
  readonly text: string;
  readonly problems: readonly Problem[];
}

/** A thread that waits for a pipe keeps the process from ending: it is asked again instead. */
const AGAIN_MS = 50;

/**
 * The file's text in UTF-8 without its byte order mark. Reads no more than the largest size, and rejects only for an
 * interrupt.
 */
export async function readText(path: string, interrupt = new AbortController().signal): Promise<Text> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      // Standard input, and what a shell makes of <(…), has somebody who writes.
      if ((await file.stat()).isFIFO() && !/^\/(?:dev|proc)\//.test(path)) return { text: '', problems: [aPipe()] };
      const buffer = Buffer.alloc(LARGEST_BYTES + 1);
      let length = 0;
      for (let got = -1; got !== 0 && length < buffer.length; length += got) {
        got = await bytesRead(file, buffer, length, interrupt);
      }
      return decoded(buffer.subarray(0, length));
    } finally {
      await file.close();
    }
  } catch (thrown) {
    interrupt.throwIfAborted();
    return { text: '', problems: [notReadable(path, thrown)] };
  }
}

async function bytesRead(file: FileHandle, into: Buffer, from: number, interrupt: AbortSignal): Promise<number> {
  for (;;) {
    try {
      return (await file.read(into, from, into.length - from, null)).bytesRead;
    } catch (thrown) {
      if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EAGAIN')) throw thrown;
    }
    await setTimeout(AGAIN_MS, undefined, { signal: interrupt });
  }
}

function aPipe(): Problem {
  const hint = 'Name a file; what a command prints can be read as -t /dev/stdin.';
  return problem({ code: 'topology.not-readable', subject: 'topology', message: 'it is a pipe, and no file', hint });
}

function decoded(bytes: Buffer): Text {
  if (bytes.length > LARGEST_BYTES) {
    const hint = 'This is no topology; is it the right file?';
    const problems = [
      problem({ code: 'topology.file-too-large', subject: 'topology', message: 'larger than 1 MiB', hint }),
    ];
    return { text: '', problems };
  }
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  const offset = text.search(/[\0-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F\uFFFD]/);
  if (offset < 0) return { text, problems: [] };
  const [message, hint] = wordsFor(text, offset);
  return { text, problems: [problem({ code: 'topology.not-text', subject: 'topology', message, hint, offset })] };
}

function wordsFor(text: string, offset: number): readonly [string, string] {
  if (offset < 2 && text.slice(0, 4).includes('\0')) return ['this is UTF-16, not UTF-8', 'Save the file as UTF-8.'];
  if (text[offset] === '\uFFFD') return ['this is not UTF-8', 'Save the file as UTF-8.'];
  return ['a control character stands here', 'Take it out.'];
}

function notReadable(path: string, thrown: unknown): Problem {
  const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const about = { subject: 'topology', code: 'topology.not-readable' };
  if (reason === 'ENOENT' || reason === 'ENOTDIR') {
    const hint = 'A first topology to fill in: stillpoint init';
    return problem({ ...about, code: 'topology.not-there', message: 'there is no such file', hint });
  }
  if (reason === 'EISDIR') return problem({ ...about, message: 'it is a folder', hint: 'Name the file in it.' });
  if (reason === 'EACCES') {
    return problem({
      ...about,
      message: 'it may not be read by this user',
      hint: `Give this user the right to ${path}.`,
    });
  }
  return problem({
    ...about,
    message: `it cannot be read (${thrown instanceof Error ? thrown.message : String(thrown)})`,
  });
}
