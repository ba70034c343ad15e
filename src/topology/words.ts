import type { z } from 'zod';
import { nearest } from '../base/nearest.ts';
import { isMap, keysOf, kindOf, MAP, neededKeysOf, oneOf, optionsOf, wantedBy } from './kind.ts';
import { isSecretKey } from './secret-key.ts';

/**
 * zod's issues in people's words. A text that begins with a space goes on after the key (`ssh.port` must be …); any
 * other stands for itself. A second line is the hint. Unknown keys have one line each: its hint. Empty: a union whose
 * branches say it better. What the reader typed is never repeated: it might be a secret in the wrong place.
 */
export function wordsFor(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue);
    case 'invalid_value':
      return wrongValue(issue.values.map(String), issue.input);
    case 'too_small':
      return tooSmall(issue.origin, Number(issue.minimum));
    case 'too_big':
      return ` must be ${issue.origin === 'string' ? 'shorter' : `at most ${issue.maximum}`}`;
    case 'invalid_format':
      return ` must match ${issue.pattern ?? issue.format}`;
    case 'unrecognized_keys':
      return issue.keys.map((key) => meantKey(key, issue)).join('\n');
    case 'invalid_union':
      return unionWords(issue);
    default:
      return undefined;
  }
}

/** What stands under a misspelt `password` is written out as a rule: the next finding would be that. */
function meantKey(key: string, { input, inst }: z.core.$ZodRawIssue<z.core.$ZodIssueUnrecognizedKeys>): string {
  const hint = meant(key, keysOf(inst));
  const near = nearest(key, keysOf(inst));
  const isWritten = isMap(input) && typeof input[key] !== 'object';
  if (near === undefined || !isSecretKey(near) || !isWritten) return hint;
  return `${hint} Write { env: NAME }, { file: PATH } or { command: [..] } under it, and change the secret.`;
}

/** The hint that names the right word, or all of them where none is near. */
export function meant(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  if (near !== undefined) return `${DID_YOU_MEAN} \`${near}\`?`;
  if (known.length === 0) return 'There is nothing to choose from.';
  const more = known.length > MOST_LISTED ? ` and ${known.length - MOST_LISTED} more` : '';
  return `Known here: ${known.slice(0, MOST_LISTED).join(', ')}${more}.`;
}

const MOST_LISTED = 30;

export const DID_YOU_MEAN = 'Did you mean';

function wrongType({ expected, input, inst }: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType>): string {
  if (input === undefined) return ' is missing';
  const wanted = NOUNS[expected] ?? expected;
  if (input === null)
    return ` has no value; it must be ${wanted}\nGive it one; a key that is not needed can be left out.`;
  if (typeof input === 'number' && !Number.isFinite(input) && expected !== 'string')
    return ` must be ${wanted}, and .nan and .inf are none\nWrite ${wanted}; a key that is not needed can be left out.`;
  if (expected === 'int') return ` must be ${wanted}`;
  return ` must be ${wanted}, not ${kindOf(input)}${wayOut(expected, input, keysOf(inst))}`;
}

function wayOut(expected: string, input: unknown, keys: readonly string[]): string {
  if (expected === 'string') return typeof input === 'object' ? '' : '\nPut it in quotes.';
  if (expected === 'number') return /^\d+$/.test(String(input)) ? '\nTake the quotes off.' : '\nWrite digits.';
  if (expected === 'array' || expected === 'tuple') return '\nPut it in brackets: [ … ].';
  return keys.length === 0 ? '' : `\nIts keys: ${keys.join(', ')}.`;
}

const NOUNS: Readonly<Record<string, string>> = {
  object: MAP,
  record: MAP,
  array: 'a list',
  tuple: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function wrongValue(values: readonly string[], input: unknown): string {
  if (input === undefined) return ` is missing; it must be ${oneOf(values)}`;
  if (values.includes(String(input))) {
    return ` must be ${oneOf(values)}\n${typeof input === 'string' ? 'Take the quotes off.' : 'Put it in quotes.'}`;
  }
  const near = typeof input === 'string' ? nearest(input, values) : undefined;
  return ` must be ${oneOf(values)}${near === undefined ? '' : `\n${DID_YOU_MEAN} \`${near}\`?`}`;
}

function tooSmall(origin: string, minimum: number): string {
  if (origin === 'string') return ' is empty';
  if (origin === 'array') return minimum === 1 ? ' is an empty list' : ` needs at least ${minimum}`;
  return ` must be at least ${minimum}`;
}

function unionWords(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string {
  const { discriminator, input } = issue;
  if (discriminator !== undefined) return wrongTag(discriminator, tagsOf(issue), isMap(input) ? input : {});
  if (input === undefined) return ' is missing';
  const wanted = wantedBy(issue.inst);
  if (!wanted.some(({ kind }) => kind === kindOf(input))) {
    const takesText = wanted.some(({ kind, words }) => kind === words && kind === 'text');
    const quotes = takesText && typeof input !== 'object' ? '\nPut it in quotes.' : '';
    return ` must be ${[...new Set(wanted.map(({ words }) => words))].join(' or ')}, not ${kindOf(input)}${quotes}`;
  }
  return isMap(input) ? mapWords(optionsOf(issue.inst).map(neededKeysOf), input) : '';
}

function wrongTag(key: string, tags: readonly string[], input: Readonly<Record<string, unknown>>): string {
  const misspelt = key in input ? undefined : Object.keys(input).find((word) => nearest(word, [key]) !== undefined);
  const words = wrongValue(tags, input[key]);
  return misspelt === undefined ? words : `${words}\n${DID_YOU_MEAN} \`${key}\` where \`${misspelt}\` stands?`;
}

/** Of maps that are told apart by which one key they have. */
function mapWords(options: readonly (readonly string[])[], input: Readonly<Record<string, unknown>>): string {
  if (options.some((keys) => keys.length !== 1)) return '';
  const known = options.flat();
  const present = known.filter((key) => key in input);
  if (present.length === 0) return ` must have ${oneOf(known)}`;
  return present.length > 1 ? ` may have only ${oneOf(known)}` : '';
}

function tagsOf(issue: object): readonly string[] {
  return 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
}
