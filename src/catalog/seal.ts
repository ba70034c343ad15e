import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson, jsonText, parseJson } from '../base/json.ts';

/** What is found in a sealed file. Nothing of a broken one is believed. */
export type Opened =
  | { readonly kind: 'whole'; readonly content: Readonly<Record<string, unknown>> }
  | { readonly kind: 'broken'; readonly why: string };

/** `sha256` is taken of the canonical JSON of all other members; white space and their order do not matter. */
const sealShape = z.looseObject({ v: z.unknown(), sha256: z.unknown() });

export function sealedText(content: object): string {
  return jsonText({ ...content, sha256: seal(content) });
}

/** Its members but the checksum, which matches; of the one version that there is. */
export function openSealed(text: string): Opened {
  const document = sealShape.safeParse(parseJson(text));
  if (!document.success) return { kind: 'broken', why: 'it is not whole JSON' };
  const { sha256, ...content } = document.data;
  if (content.v !== 1) {
    return { kind: 'broken', why: `its version is ${JSON.stringify(content.v)}, this Stillpoint reads version 1` };
  }
  if (sha256 !== seal(content))
    return { kind: 'broken', why: 'its checksum does not match: it was changed or damaged' };
  return { kind: 'whole', content };
}

/** The first thing that a schema does not understand, for a person. */
export function notUnderstood({ issues }: z.ZodError): string {
  const [first] = issues;
  return `at ${first?.path.join('.') ?? 'its top'}: ${first?.message ?? 'not understood'}`;
}

function seal(content: object): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}
