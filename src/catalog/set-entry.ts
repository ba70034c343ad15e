import { join } from 'node:path';
import { z } from 'zod';
import { asFault } from '../base/fault.ts';
import { parseJson } from '../base/json.ts';
import { type CutLabel, type Level, levelText, type Manifest, type SetId } from '../model.ts';
import { manifestFile, readManifest } from './manifest.ts';
import type { SetName } from './names.ts';
import { type Removal, readRemoval } from './removal.ts';
import { type StateFolder, setFolder } from './state-folder.ts';

/** A set as its folder tells. */
export type SetEntry = WholeSet | UnreadableSet;

/** A set as lists show it. Only of one that stands, or is all gone, this is less than the entry. */
export type SetLine = StandingLine | RemovingSet | UnreadableSet;

export type WholeSet = StandingSet | RemovingSet;

interface Line {
  readonly id: SetId;
  readonly group: string;
  readonly label: CutLabel;
  readonly takenAt: string;
  readonly level: Level;
  readonly levelText: string;
  readonly windowMs: number;
  readonly note?: string;
  readonly key?: string;
  /** Kept from every removal, with the reason. */
  readonly pinned?: string;
  /** What kept a weak one's level down most. */
  readonly weakness?: string;
  readonly removal?: Pick<Removal, 'because'>;
}

/** `removed`: all of it is gone; it counts for nothing. */
export interface StandingLine extends Line {
  readonly state: 'good' | 'weak' | 'removed';
}

interface Whole extends SetName, Line {
  readonly manifest: Manifest;
  readonly removal?: Removal;
}

export interface StandingSet extends Whole {
  readonly state: StandingLine['state'];
}

/** Part of it may be gone: it counts for nothing. */
export interface RemovingSet extends Whole {
  readonly state: 'removing';
}

/** A manifest that is not believed. It is named wherever sets are listed, and never removed by anything automatic. */
export interface UnreadableSet extends SetName {
  readonly state: 'unreadable';
  readonly why: string;
}

/** From its own papers. Undefined: a folder without a manifest never became a set. */
export async function readSet(state: StateFolder, name: SetName): Promise<SetEntry | undefined> {
  try {
    const reading = await readManifest(state, name.id);
    if (reading.kind === 'missing') return undefined;
    if (reading.kind === 'broken') {
      return { ...name, state: 'unreadable', why: `${manifestFile(state, name.id)}: ${reading.why}` };
    }
    return wholeSet(name, reading.manifest, await readRemoval(state, name.id), await readPin(state, name));
  } catch (thrown) {
    return { ...name, state: 'unreadable', why: asFault(thrown).message };
  }
}

export function wholeSet(name: SetName, manifest: Manifest, removal?: Removal, pinned?: string): WholeSet {
  const { label, takenAt, windowMs, note, key, verdict } = manifest;
  const weakness = manifest.state === 'weak' ? verdict.because[0] : undefined;
  return {
    ...name,
    state: stateOf(manifest, removal),
    label,
    takenAt,
    level: verdict.level,
    levelText: levelText(verdict),
    windowMs,
    manifest,
    ...(note === undefined ? {} : { note }),
    ...(key === undefined ? {} : { key }),
    ...(weakness === undefined ? {} : { weakness }),
    ...(removal === undefined ? {} : { removal }),
    ...(pinned === undefined ? {} : { pinned }),
  };
}

function stateOf(manifest: Manifest, removal: Removal | undefined): WholeSet['state'] {
  if (removal === undefined) return manifest.state;
  return removal.finishedAt === undefined ? 'removing' : 'removed';
}

const pinShape = z.object({ because: z.string() });

/** Written, and taken away, by hand: no command does it. */
export function pinFile(state: StateFolder, id: SetId): string {
  return join(setFolder(state, id), 'pin.json');
}

/** A pin that cannot be read still pins. */
async function readPin(state: StateFolder, name: SetName): Promise<string | undefined> {
  const text = await state.files.read(pinFile(state, name.id));
  if (text === undefined) return undefined;
  const pin = pinShape.safeParse(parseJson(text));
  return pin.success ? pin.data.because : 'its reason cannot be read';
}
