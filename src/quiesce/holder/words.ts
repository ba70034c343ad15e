/**
 * The lines between us and a holder. Every line begins with the nonce of its session; paths and names are escaped as in
 * /proc/self/mountinfo. The same for all forms of the holder and for the keeper of `script`.
 */

/** What a holder says, from the line that ends a question to the reports that come by themselves. */
export type Report =
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly reason: string; readonly what: string; readonly detail: string }
  | { readonly kind: 'mount'; readonly path: string }
  | { readonly kind: 'same'; readonly path: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'pong'; readonly mark: string; readonly state: string }
  | { readonly kind: 'synced' }
  | { readonly kind: 'armed' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'frozen' }
  | { readonly kind: 'all-frozen' }
  | { readonly kind: 'failed'; readonly index: number; readonly why: string; readonly said: string }
  | { readonly kind: 'thaw'; readonly index: number; readonly first: string; readonly again: string }
  | { readonly kind: 'thawed'; readonly by: string; readonly written: readonly Written[] | undefined }
  | { readonly kind: 'fact'; readonly words: readonly string[] };

/** A disk that was watched, and was written to while all stood still; or nobody knows. */
export interface Written {
  readonly disk: string;
  /** Sectors of 512 bytes; `flying`: a write was under way at the end; `unread`: it could not be counted. */
  readonly what: number | 'flying' | 'unread';
}

/** The report in a line of this session; undefined for anything else: a login's greeting, an older session's words. */
export function reportIn(line: string, nonce: string): Report | undefined {
  const [head, word, ...rest] = line.split(' ');
  if (head !== nonce || word === undefined) return undefined;
  const [a = '', b = '', c = ''] = rest;
  switch (word) {
    case 'END':
      return { kind: 'end' };
    case 'ERROR':
      return { kind: 'error', reason: a, what: unescapeWord(b), detail: unescapeWord(c) };
    case 'MOUNT':
      return { kind: 'mount', path: unescapeWord(b) };
    case 'SAME':
      return { kind: 'same', path: unescapeWord(b) };
    case 'READY':
      return { kind: 'ready' };
    case 'PONG':
      return { kind: 'pong', mark: a, state: c };
    case 'SYNCED':
      return { kind: 'synced' };
    case 'ARMED':
      return { kind: 'armed' };
    case 'REFUSED':
      return { kind: 'refused', why: a };
    case 'FROZEN':
      return { kind: 'frozen' };
    case 'ALL-FROZEN':
      return { kind: 'all-frozen' };
    case 'FAILED':
      return { kind: 'failed', index: Number(a), why: b, said: unescapeWord(c) };
    case 'THAW':
      return { kind: 'thaw', index: Number(a), first: b, again: c };
    case 'THAWED':
      return { kind: 'thawed', by: a.replace(/^by=/, ''), written: writtenIn(c) };
    case 'F':
    case 'T':
    case 'L':
    case 'X':
    case 'B':
    case 'U':
      return { kind: 'fact', words: [word, ...rest] };
    default:
      return undefined;
  }
}

/** `written=sdb:8,sdc:flying`, or `written=-`; undefined for anything else. */
function writtenIn(word: string): readonly Written[] | undefined {
  if (word === 'written=-') return [];
  const entries = /^written=(.+)$/
    .exec(word)?.[1]
    ?.split(',')
    .map((entry) => /^(.+):(\d{1,15}|flying|unread)$/.exec(entry));
  const written = entries?.flatMap((entry): Written[] => {
    const [, disk = '', what = ''] = entry ?? [];
    return entry === null ? [] : [{ disk, what: what === 'flying' || what === 'unread' ? what : Number(what) }];
  });
  return written?.length === entries?.length ? written : undefined;
}

/** Bytes that would end a word, as \ooo. */
export function escapeWord(text: string): string {
  return text.replaceAll(/[\0- \\,=\x7f]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

export function unescapeWord(text: string): string {
  if (!text.includes('\\')) return text;
  const bytes = Buffer.from(text).toString('latin1');
  return Buffer.from(
    bytes.replaceAll(/\\([0-3][0-7]{2})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    'latin1',
  ).toString();
}
