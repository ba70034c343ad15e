import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { canonicalJson, jsonText, parseJson } from '../base/json.ts';
import type { Manifest, SetId } from '../model.ts';
import { arraySnapshot, cutLabel, instant, plan, setId, verdict, windowRecord } from './shapes.ts';
import { type StateFolder, setFolder } from './state-folder.ts';

/** What is found where a manifest should be. Nothing of a broken one is believed. */
export type ManifestReading =
  | { readonly kind: 'whole'; readonly manifest: Manifest }
  | { readonly kind: 'missing' }
  | { readonly kind: 'broken'; readonly why: string };

export const manifestShape = z.object({
  v: z.literal(1),
  id: setId,
  label: cutLabel,
  group: z.string(),
  state: z.enum(['good', 'weak']),
  takenAt: instant,
  finishedAt: instant,
  stillpoint: z.string(),
  note: z.string().exactOptional(),
  key: z.string().exactOptional(),
  windowMs: z.number(),
  plan,
  window: windowRecord,
  verdict,
  snapshots: z.array(arraySnapshot),
}) satisfies z.ZodType<Manifest, unknown>;

/** `sha256` is taken of the canonical JSON of all other members; white space and their order do not matter. */
const sealShape = z.looseObject({ v: z.unknown(), sha256: z.unknown() });

/** On disk when it resolves: from then on the set exists. */
export async function writeManifest(state: StateFolder, manifest: Manifest): Promise<void> {
  const folder = setFolder(state, manifest.id);
  await state.files.makeFolder(folder);
  await state.files.writeWhole(manifestFile(state, manifest.id), sealed(manifest));
}

export async function readManifest(state: StateFolder, id: SetId): Promise<ManifestReading> {
  const text = await state.files.read(manifestFile(state, id));
  if (text === undefined) return { kind: 'missing' };
  const reading = unsealed(text);
  if (reading.kind === 'whole' && reading.manifest.id !== id) {
    return { kind: 'broken', why: `it is the manifest of ${reading.manifest.id}` };
  }
  return reading;
}

export function manifestFile(state: StateFolder, id: SetId): string {
  return join(setFolder(state, id), 'manifest.json');
}

/** The manifest's text: also what `--manifest FILE` copies. */
export function sealed(manifest: Manifest): string {
  return jsonText({ ...manifest, sha256: seal(manifest) });
}

export function unsealed(text: string): Exclude<ManifestReading, { kind: 'missing' }> {
  const document = sealShape.safeParse(parseJson(text));
  if (!document.success) return { kind: 'broken', why: 'it is not whole JSON' };
  const { sha256, ...content } = document.data;
  if (content.v !== 1) {
    return { kind: 'broken', why: `its version is ${JSON.stringify(content.v)}, this Stillpoint reads version 1` };
  }
  if (sha256 !== seal(content))
    return { kind: 'broken', why: 'its checksum does not match: it was changed or damaged' };
  const manifest = manifestShape.safeParse(content);
  if (manifest.success) return { kind: 'whole', manifest: manifest.data };
  const [first] = manifest.error.issues;
  return { kind: 'broken', why: `at ${first?.path.join('.') ?? 'its top'}: ${first?.message ?? 'not understood'}` };
}

function seal(content: Manifest | Readonly<Record<string, unknown>>): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}
