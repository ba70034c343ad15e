import { isNestedDeeper } from './json-depth.ts';

/** One line, in the order of the members. */
export function jsonLine(value: unknown): string {
  return forTerminals(JSON.stringify(value ?? null, (_name, member: unknown) => plain(member)));
}

/** For people: two spaces deep, with a newline at the end. */
export function jsonText(value: unknown): string {
  return `${forTerminals(JSON.stringify(value ?? null, (_name, member: unknown) => plain(member), 2))}\n`;
}

/**
 * What JSON lacks: a bigint as a decimal string, a Map as an object, a Set as a list. A Date is ISO 8601, and what has a
 * `toJSON` is as that says (a Secret is '[secret]'), before it comes here. Members that are undefined are left out.
 */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return null;
  if (value instanceof Set) return [...value];
  return value instanceof Map ? objectOf(value) : value;
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
  return JSON.stringify(value ?? null, (_name, member: unknown) => sorted(plain(member)));
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

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return objectOf(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `__proto__` is a name like any other. */
function objectOf(members: Iterable<readonly [unknown, unknown]>): object {
  const object: Record<string, unknown> = Object.create(null);
  for (const [name, member] of members) object[String(name)] = member;
  return object;
}
