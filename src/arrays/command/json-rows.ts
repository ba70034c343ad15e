import { Fault } from '../../base/fault.ts';

/** `$`, then names, `[*]` and numbers. No filters, no `..`, no expressions: nothing that could compute. */
const PATH = /^\$(?:\.[A-Za-z_][A-Za-z0-9_-]*|\[\*\]|\[\d{1,6}\])*$/;

export function isRowsPath(path: string): boolean {
  return PATH.test(path);
}

/** Everything that the path leads to. */
export function valuesAt(document: unknown, path: string): readonly unknown[] {
  let found: readonly unknown[] = [document];
  for (const [step] of path.matchAll(/\.[A-Za-z_][A-Za-z0-9_-]*|\[\*\]|\[\d+\]/g)) {
    found = found.flatMap((value) => follow(value, step));
  }
  return found;
}

/** A field of a row, by its own name or by a path through it; undefined when it is not there or no plain value. */
export function fieldOf(row: unknown, field: string): string | undefined {
  const value = own(row, field) ?? field.split('.').reduce<unknown>((inside, name) => own(inside, name), row);
  if (typeof value === 'string') return value;
  // Above 2^53 the digits are no longer those that the array printed: no id at all is better than a wrong one.
  return typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value) : undefined;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new Fault({
      code: 'array.no-json',
      message: `what it printed is no JSON: ${thrown instanceof Error ? thrown.message : ''}`,
      hint: 'Look for an option that makes it print JSON and nothing else, or read its lines with row:.',
      cause: thrown,
    });
  }
}

function follow(value: unknown, step: string): readonly unknown[] {
  if (step === '[*]') return Array.isArray(value) ? value : [];
  if (step.startsWith('[')) return Array.isArray(value) ? value.slice(Number(step.slice(1, -1))).slice(0, 1) : [];
  const inside = own(value, step.slice(1));
  return inside === undefined ? [] : [inside];
}

function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
