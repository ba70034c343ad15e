/** What a schema wants, in people's words: 'text', 'a list', 'one of crash, hold'. */
export interface Wanted {
  readonly kind: 'text' | 'a number' | 'true or false' | 'a list' | 'a map';
  readonly words: string;
}

type Definition = Readonly<Record<string, unknown>>;

/** The kinds of value that a zod schema begins by accepting. */
export function wantedBy(schema: unknown): readonly Wanted[] {
  const definition = definitionOf(schema);
  switch (definition.type) {
    case 'union':
      return optionsOf(schema).flatMap(wantedBy);
    case 'pipe':
      return wantedBy(definition.in);
    case 'optional':
    case 'default':
    case 'nullable':
      return wantedBy(definition.innerType);
    case 'string':
      return [{ kind: 'text', words: 'text' }];
    case 'enum':
      return [{ kind: 'text', words: oneOf(isMap(definition.entries) ? Object.keys(definition.entries) : []) }];
    case 'literal': {
      const values = Array.isArray(definition.values) ? definition.values : [];
      return values.map((value) => ({ kind: kindOf(value), words: String(value) }));
    }
    case 'number':
      return [{ kind: 'a number', words: 'a number' }];
    case 'boolean':
      return [{ kind: 'true or false', words: 'true or false' }];
    case 'array':
    case 'tuple':
      return [{ kind: 'a list', words: 'a list' }];
    default:
      return [{ kind: 'a map', words: MAP }];
  }
}

export const MAP = 'a map (KEY: VALUE)';

export function kindOf(value: unknown): Wanted['kind'] {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'boolean') return 'true or false';
  return typeof value === 'number' ? 'a number' : 'text';
}

/** The keys of a zod object; none for anything else. */
export function keysOf(schema: unknown): readonly string[] {
  const { shape } = definitionOf(schema);
  return isMap(shape) ? Object.keys(shape) : [];
}

/** Those that have to be there. */
export function neededKeysOf(schema: unknown): readonly string[] {
  const { shape } = definitionOf(schema);
  if (!isMap(shape)) return [];
  return Object.keys(shape).filter((key) => definitionOf(shape[key]).type !== 'optional');
}

/** The branches of a zod union. */
export function optionsOf(schema: unknown): readonly unknown[] {
  const { options } = definitionOf(schema);
  return Array.isArray(options) ? options : [];
}

export function oneOf(words: readonly string[]): string {
  return words.length === 1 ? `${words[0]}` : `one of ${words.join(', ')}`;
}

export function isMap(value: unknown): value is Definition {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function definitionOf(schema: unknown): Definition {
  const inner = isMap(schema) ? schema._zod : undefined;
  const definition = isMap(inner) ? inner.def : undefined;
  return isMap(definition) ? definition : {};
}
