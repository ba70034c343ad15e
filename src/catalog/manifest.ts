import { join } from 'node:path';
import { z } from 'zod';
import type { Manifest, SetId } from '../model.ts';
import { notUnderstood, openSealed, sealedText } from './seal.ts';
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
  return sealedText(manifest);
}

/** A command reads its catalog several times, and a checksum costs more than a comparison: texts judged lately. */
const lately = new Map<string, Exclude<ManifestReading, { kind: 'missing' }>>();
const LATELY = 200;

export function unsealed(text: string): Exclude<ManifestReading, { kind: 'missing' }> {
  const known = lately.get(text);
  if (known !== undefined) return known;
  const reading = judged(text);
  lately.set(text, reading);
  const [oldest] = lately.keys();
  if (lately.size > LATELY && oldest !== undefined) lately.delete(oldest);
  return reading;
}

function judged(text: string): Exclude<ManifestReading, { kind: 'missing' }> {
  const opened = openSealed(text);
  if (opened.kind === 'broken') return opened;
  const manifest = manifestShape.safeParse(opened.content);
  return manifest.success
    ? { kind: 'whole', manifest: manifest.data }
    : { kind: 'broken', why: notUnderstood(manifest.error) };
}
