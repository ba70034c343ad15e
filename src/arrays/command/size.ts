const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/**
 * The bytes that a program's word for a size stands for. undefined where it need not be exact: `1.5G` may have been
 * rounded, and whether `256 MB` counts in thousands or in 1024 differs from one program to the next.
 */
export function bytesIn(text: string): bigint | undefined {
  const [, count, unit = 'B'] = /^(\d{1,19})(?: ?([A-Za-z]+))?$/.exec(text) ?? [];
  const power = UNITS.indexOf(unit === 'bytes' ? 'B' : unit);
  return count === undefined || power < 0 ? undefined : BigInt(count) << BigInt(10 * power);
}

/**
 * The whole word of a size of which an expression took a part, with its unit: a `(?<size>\\d+)` that is followed by
 * ` MiB` is no number of bytes.
 */
export function sizeAround(line: string, [from, to]: readonly [number, number]): string {
  // A size is short; only near it is looked at, however long the line is.
  const before = /[\d.,]*$/.exec(line.slice(Math.max(0, from - 32), from))?.[0] ?? '';
  const after = /^[\d.,]*(?: ?(?:[KMGTPE]i?b?|b|bytes)(?![\w.-]))?/i.exec(line.slice(to, to + 32))?.[0] ?? '';
  return `${before}${line.slice(from, to)}${after}`;
}
