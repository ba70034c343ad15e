import fc from 'fast-check';

/** What has meant something to some reader somewhere. */
const DICTIONARY = [
  ...['', '\0', '\n', '\r\n', '\t', ' ', '-', '--', '\\', '"', "'", '`', '$(', '${', ';', '|', '<', '>', '&', '%00'],
  ...['{', '}', '[', ']', '[[[[', ':', ',', '=', '#', '/', '//', '../', '~', '*', '?', '!', '@', '\\000', '\\777'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'null', 'undefined', 'NaN', 'Infinity', '1e999'],
  ...['-1', '0', '00', '0x10', '9'.repeat(40), '1.7976931348623159e308', '9999-99-99T99:99:99Z', 'true', 'false'],
  ...['\u001b[2J', '\u001b]0;x\u0007', '\u009b2J', '\u202e', '\u2028', '\ufeff', '\ufffd', '😀', 'e\u0301', '\u0085'],
] as const;

type Edit = {
  readonly how: 'flip' | 'cut' | 'double' | 'insert' | 'replace' | 'end';
  readonly at: number;
  readonly length: number;
  readonly bit: number;
  readonly token: string;
};

/** Recordings with a few bytes flipped, cut out, doubled, put in or exchanged, or ended early. */
export function mutated(recordings: readonly string[], tokens: readonly string[] = []): fc.Arbitrary<Buffer> {
  return fc.tuple(fc.constantFrom(...recordings), mutation(tokens)).map(([recording, mutate]) => mutate(recording));
}

/** The same for a recording that is not there yet. */
export function mutation(tokens: readonly string[] = []): fc.Arbitrary<(recording: string) => Buffer> {
  const edit: fc.Arbitrary<Edit> = fc.record({
    how: fc.constantFrom('flip', 'cut', 'double', 'insert', 'replace', 'end'),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    length: fc.oneof(fc.nat(12), fc.nat(400)),
    bit: fc.nat(7),
    token: fc.oneof(fc.constantFrom(...DICTIONARY, ...tokens), fc.string({ unit: 'binary', maxLength: 8 })),
  });
  return fc
    .array(edit, { minLength: 1, maxLength: 5 })
    .map((edits) => (recording) => edits.reduce(edited, Buffer.from(recording)));
}

function edited(bytes: Buffer, { how, at, length, bit, token }: Edit): Buffer {
  const start = Math.floor(at * bytes.length);
  const [before, after] = [bytes.subarray(0, start), bytes.subarray(start + length)];
  switch (how) {
    case 'flip': {
      const flipped = Buffer.from(bytes);
      if (start < flipped.length) flipped.writeUInt8(flipped.readUInt8(start) ^ (1 << bit), start);
      return flipped;
    }
    case 'cut':
      return Buffer.concat([before, after]);
    case 'double':
      return Buffer.concat([bytes.subarray(0, start + length), bytes.subarray(start)]);
    case 'insert':
      return Buffer.concat([before, Buffer.from(token), bytes.subarray(start)]);
    case 'replace':
      return Buffer.concat([before, Buffer.from(token), after]);
    case 'end':
      return before;
  }
}

/** The recording, ended at each of its places; long ones at a few hundred of them. */
export function cutAnywhere(recording: string): readonly string[] {
  const step = Math.max(1, Math.floor(recording.length / 300));
  const places = Math.ceil(recording.length / step);
  return Array.from({ length: places }, (_, index) => recording.slice(0, index * step));
}
