import { open } from 'node:fs/promises';
import { type Problem, problem } from './problem.ts';

/** Ten thousand VMs, each with everything written out, fit in. */
const LARGEST_BYTES = 1024 * 1024;

export interface Text {
  /** As far as it could be read; with problems, only to point into. */
  readonly text: string;
  readonly problems: readonly Problem[];
}

/** The file's text in UTF-8 without its byte order mark. Never rejects, and reads no more than the largest size. */
export async function readText(path: string): Promise<Text> {
  try {
    const file = await open(path);
    try {
      const buffer = Buffer.alloc(LARGEST_BYTES + 1);
      let length = 0;
      for (let got = -1; got !== 0 && length < buffer.length; length += got) {
        got = (await file.read(buffer, length, buffer.length - length, null)).bytesRead;
      }
      return decoded(buffer.subarray(0, length));
    } finally {
      await file.close();
    }
  } catch (thrown) {
    return { text: '', problems: [notReadable(path, thrown)] };
  }
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
