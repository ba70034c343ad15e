import { isNestedDeeper } from './json-depth.ts';

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
  const json: Record<string, Json> = emptyObject();
  for (const [key, member] of entries) if (member !== undefined) json[String(key)] = jsonOf(member);
  return json;
}

/** One line, in the order of the members. */
export function jsonLine(value: unknown): string {
  return forTerminals(JSON.stringify(jsonOf(value)));
}

/** For people: two spaces deep, with a newline at the end. */
export function jsonText(value: unknown): string {
  return `${forTerminals(JSON.stringify(jsonOf(value), undefined, 2))}\n`;
}

/**
 * The same JSON, without what JSON may carry as it is and a terminal obeys: C1 controls, and signs that turn the order of
 * what is read.
 */
function forTerminals(json: string): string {
  return json.replaceAll(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The same text for equal values, whatever the order of their members: what a checksum is taken of. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(jsonOf(value)));
}

/** The value, or undefined where the text is not whole JSON, or nested deeper than anything that we write. */
export function parseJson(text: string): unknown {
  if (isNestedDeeper(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sorted(value: Json): Json {
  if (isList(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const ordered = emptyObject();
  for (const name of Object.keys(value).sort()) ordered[name] = sorted(value[name] ?? null);
  return ordered;
}

/** Filled member by member, which is faster than from a list of pairs; `__proto__` is a name like any other. */
function emptyObject(): Record<string, Json> {
  return Object.create(null);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
