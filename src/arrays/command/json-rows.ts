import { Fault } from '../../base/fault.ts';
import { DEEPEST_JSON, isNestedDeeper } from '../../base/json-depth.ts';
import { own } from '../../base/own.ts';

/** Names, `[*]` and numbers, after a `$` or without. No filters, no `..`, no expressions: nothing that could compute. */
const PATH = /^(?:\$|[A-Za-z_][A-Za-z0-9_-]*|(?=\[))(?:\.[A-Za-z_][A-Za-z0-9_-]*|\[\*\]|\[\d{1,6}\])*$/;
const STEP = /[A-Za-z_][A-Za-z0-9_-]*|\[\*\]|\[\d+\]/g;

export function isRowsPath(path: string): boolean {
  return PATH.test(path);
}

/** Everything that the path leads to. */
export function valuesAt(document: unknown, path: string): readonly unknown[] {
  let found: readonly unknown[] = [document];
  for (const [step] of path.matchAll(STEP)) {
    found = found.flatMap((value) => follow(value, step));
  }
  return found;
}

/**
 * A field of a row, by its own name or by a path through it; `$` is a row that is itself a plain value. undefined when it
 * is not there or no plain value.
 */
export function fieldOf(row: unknown, field: string): string | undefined {
  const path = field.split('.');
  const value =
    field === '$' ? row : (member(row, field) ?? path.reduce<unknown>((inside, name) => member(inside, name), row));
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  // Above 2^53 the digits are no longer those that the array printed: no id at all is better than a wrong one.
  return typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value) : undefined;
}

export function parseJson(text: string): unknown {
  if (isNestedDeeper(text)) throw noJson(`nested deeper than ${DEEPEST_JSON}`);
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw noJson(thrown instanceof Error ? thrown.message : '', thrown);
  }
}

function noJson(why: string, cause?: unknown): Fault {
  return new Fault({
    code: 'array.no-json',
    message: `what it printed is no JSON that can be read: ${why}`,
    hint: 'Look for an option that makes it print JSON and nothing else, or read its lines with row:.',
    cause,
  });
}

function follow(value: unknown, step: string): readonly unknown[] {
  if (step === '[*]') return Array.isArray(value) ? value : [];
  if (step.startsWith('[')) return Array.isArray(value) ? value.slice(Number(step.slice(1, -1))).slice(0, 1) : [];
  const inside = member(value, step);
  return inside === undefined ? [] : [inside];
}

function member(value: unknown, name: string): unknown {
  return isObject(value) ? own(value, name) : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
