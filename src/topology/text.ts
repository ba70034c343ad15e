import { open } from 'node:fs/promises';
import { type Problem, problem } from './problem.ts';

/** Ten thousand VMs, each with everything written out, fit in. */
const LARGEST_BYTES = 1024 * 1024;

export interface Text {
  /** Absent: it cannot be read as text. */
  readonly text?: string;
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
      return textOf(buffer.subarray(0, length));
    } finally {
      await file.close();
    }
  } catch (thrown) {
    return { problems: [notReadable(path, thrown)] };
  }
}

function textOf(bytes: Buffer): Text {
  if (bytes.length > LARGEST_BYTES) {
    return refused('file-too-large', 'larger than 1 MiB', 'This is no topology; is it the right file?');
  }
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  const wrong = text.search(/[\0-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F\uFFFD]/);
  if (wrong < 0) return { text, problems: [] };
  const what =
    text.startsWith('\uFFFD') || text.includes('\0') ? 'not UTF-8 text, perhaps UTF-16 or binary' : undefined;
  const message = what ?? (text[wrong] === '\uFFFD' ? 'a character that is not UTF-8' : 'a control character');
  const line = text.slice(0, wrong).split('\n').length;
  return refused('not-text', `line ${line}: ${message}`, 'Save the file as UTF-8.');
}

function refused(code: string, message: string, hint: string): Text {
  return { problems: [problem({ code: `topology.${code}`, subject: 'topology', message, hint })] };
}

function notReadable(path: string, thrown: unknown): Problem {
  const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const about = { subject: 'topology', code: 'topology.not-readable' };
  if (reason === 'ENOENT' || reason === 'ENOTDIR') {
    return problem({ ...about, code: 'topology.not-there', message: `there is no ${path}` });
  }
  if (reason === 'EISDIR') return problem({ ...about, message: `${path} is a folder` });
  if (reason === 'EACCES') return problem({ ...about, message: `${path} may not be read by this user` });
  return problem({ ...about, message: `${path} cannot be read: ${thrown instanceof Error ? thrown.message : thrown}` });
}
