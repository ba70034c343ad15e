import type { z } from 'zod';
import { nearest } from './nearest.ts';

/**
 * zod's issues in people's words. A text that begins with a space goes on after the key (`ssh.port` must be …); any
 * other stands for itself. A second line is the hint. An unknown key has one line a key: its hint. Empty: a union whose
 * branches say it better. What the reader typed is never repeated: it might be a secret in the wrong place.
 */
export function wordsFor(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, issue.input);
    case 'invalid_value':
      return wrongValue(issue.values.map(String), issue.input);
    case 'too_small':
      return tooSmall(issue.origin, Number(issue.minimum));
    case 'too_big':
      return ` must be ${issue.origin === 'string' ? 'shorter' : `at most ${issue.maximum}`}`;
    case 'invalid_format':
      return ` must match ${issue.pattern ?? issue.format}`;
    case 'unrecognized_keys':
      return issue.keys.map((key) => meant(key, keysOf(issue.inst))).join('\n');
    case 'invalid_union':
      return unionWords(issue);
    default:
      return undefined;
  }
}

/** The hint that names the right word, or all of them where none is near. */
export function meant(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  if (near !== undefined) return `${DID_YOU_MEAN} \`${near}\`?`;
  return known.length === 0 ? 'There is nothing to choose from.' : `Known here: ${known.join(', ')}.`;
}

export const DID_YOU_MEAN = 'Did you mean';

function wrongType(expected: string, input: unknown): string {
  if (input === undefined) return ' is missing';
  const wanted = NOUNS[expected] ?? expected;
  if (input === null)
    return ` has no value; it must be ${wanted}${expected === 'object' ? '\nWrite {} for an empty one.' : ''}`;
  const quotes = expected === 'string' && typeof input !== 'object' ? '\nPut it in quotes.' : '';
  return ` must be ${wanted}, not ${nounOf(input)}${quotes}`;
}

const NOUNS: Readonly<Record<string, string>> = {
  object: 'a map (KEY: VALUE)',
  record: 'a map (KEY: VALUE)',
  array: 'a list',
  tuple: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function nounOf(input: unknown): string {
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object') return 'a map';
  if (typeof input === 'boolean') return 'true or false';
  return typeof input === 'number' ? 'a number' : 'text';
}

function wrongValue(values: readonly string[], input: unknown): string {
  if (input === undefined) return ` is missing; it must be ${oneOf(values)}`;
  const near = typeof input === 'string' ? nearest(input, values) : undefined;
  if (near !== undefined) return ` must be ${oneOf(values)}\n${DID_YOU_MEAN} \`${near}\`?`;
  const sameWord = values.includes(String(input)) ? `, and ${nounOf(input)} is not that` : '';
  return ` must be ${oneOf(values)}${sameWord}`;
}

function tooSmall(origin: string, minimum: number): string {
  if (origin === 'string') return ' is empty';
  if (origin === 'array') return minimum === 1 ? ' is an empty list' : ` needs at least ${minimum}`;
  return ` must be at least ${minimum}`;
}

function unionWords(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string {
  const { discriminator, input } = issue;
  if (discriminator !== undefined) return wrongValue(optionsOf(issue), isMap(input) ? input[discriminator] : undefined);
  if (input === undefined) return ' is missing';
  const keys = optionSchemas(issue.inst).map(keysOf);
  if (!isMap(input) || keys.some((own) => own.length === 0)) return '';
  const known = [...new Set(keys.flat())];
  const present = known.filter((key) => key in input);
  if (present.length === 0) return ` must have ${oneOf(known)}`;
  return present.length > 1 ? ` may have only ${oneOf(known)}` : '';
}

function optionsOf(issue: object): readonly string[] {
  return 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
}

function oneOf(values: readonly string[]): string {
  return values.length === 1 ? `${values[0]}` : `one of ${values.join(', ')}`;
}

function isMap(input: unknown): input is Readonly<Record<string, unknown>> {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

function keysOf(schema: unknown): readonly string[] {
  const shape = definitionOf(schema).shape;
  return isMap(shape) ? Object.keys(shape) : [];
}

function optionSchemas(schema: unknown): readonly unknown[] {
  const { options } = definitionOf(schema);
  return Array.isArray(options) ? options : [];
}

function definitionOf(schema: unknown): Readonly<Record<string, unknown>> {
  const inner = isMap(schema) ? schema._zod : undefined;
  const definition = isMap(inner) ? inner.def : undefined;
  return isMap(definition) ? definition : {};
}
