/** What JSON can carry, and what we let it carry besides: a bigint becomes a decimal string. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Any value as plain JSON: a bigint as a decimal string, a Date as ISO 8601, a Map as an object, a Set as a list, what
 * has a `toJSON` as that says (a Secret is '[secret]'). Members that are undefined are left out.
 */
function jsonOf(value: unknown): Json {
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object') return null;
  if (hasToJson(value)) return jsonOf(value.toJSON());
  if (value instanceof Set || Array.isArray(value)) return [...value].map(jsonOf);
  const entries: Iterable<readonly [unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
  return Object.fromEntries(
    [...entries].filter(([, member]) => member !== undefined).map(([key, member]) => [String(key), jsonOf(member)]),
  );
}

/** One line, in the order of the members. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(jsonOf(value));
}

/** For people: two spaces deep, with a newline at the end. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(jsonOf(value), undefined, 2)}\n`;
}

/** The same text for equal values, whatever the order of their members: what a checksum is taken of. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(jsonOf(value)));
}

/** The value, or undefined where the text is not whole JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sorted(value: Json): Json {
  if (isList(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
