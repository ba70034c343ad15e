import { z } from 'zod';
import type { Secret } from './secret.ts';

/** Where a secret stands, never the secret: an environment variable, a file, or what a command prints. */
export type SecretRef =
  | { readonly env: string }
  | { readonly file: string }
  | { readonly command: readonly [string, ...string[]]; readonly variables?: readonly string[] };

const line = z.string().min(1);

/** A name that a variable can have. What cannot be one is never repeated: it may be the secret itself. */
export const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: ({ input }) => badName(String(input)) });

function badName(written: string): string {
  const [, name] = /^\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$/.exec(written) ?? [];
  return name === undefined
    ? 'no variable can be called that: a name has letters, digits and _\nWrite the name, VC_PASSWORD; if the secret itself stands here, take it out and change it.'
    : `a variable is named without its $\nWrite { env: ${name} }.`;
}

/** The schema of every key that holds a secret, whatever the make: `password: { env: VC_PASSWORD }`. */
export const secretRef: z.ZodType<SecretRef> = z.union([
  z.strictObject({ env: variableName.describe('Name of the environment variable that holds it') }),
  z.strictObject({ file: line.describe('File that holds it; a trailing newline is dropped') }),
  z.strictObject({
    command: z.tuple([line], line).describe('Command, as a list of words, that prints it'),
    variables: z
      .array(variableName)
      .describe('Environment variables that it gets, besides PATH, HOME, LANG and the like')
      .exactOptional(),
  }),
]);

/** Secrets that have been read. */
export interface Secrets {
  /** Of a reference that was wanted when they were read; any other is a bug. */
  of(ref: SecretRef): Secret;
}
