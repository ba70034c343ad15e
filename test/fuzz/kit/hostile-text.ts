import fc from 'fast-check';

/** Text that a terminal would obey, if it got it. */
const OBEYED = [
  '\u001b[2J',
  '\u001b[8m',
  '\u001b]0;title\u0007',
  '\u009b2J',
  '\r',
  '\n',
  '\b',
  '\t',
  '\u202e',
  '\u2066',
  '\u2028',
  '\0',
  '\u001b[31m',
  '\u001bc',
];

export const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom(...OBEYED),
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom('mail01', ' ', '日本', '😀'),
    ),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((parts) => parts.join(''));
