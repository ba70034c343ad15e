import { join } from 'node:path';
import { z } from 'zod';
import { asFault } from '../base/fault.ts';
import type { LockName } from '../base/lock.ts';
import type { ArrayId, ArraySnapshot, CutLabel, SetId } from '../model.ts';
import { isLabel } from './names.ts';
import { type Removal, readRemoval } from './removal.ts';
import { notUnderstood, openSealed, sealedText } from './seal.ts';
import { arraySnapshot, cutLabel, instant, setId } from './shapes.ts';
import { rebuiltFolder, type StateFolder } from './state-folder.ts';

/**
 * What the arrays show under a label of our form that nothing in this state folder knows. It is no manifest: of which
 * group it is, how good, and whether it is whole stands on no array. Named by its label, which no set id can be.
 */
export interface RebuiltSet {
  readonly v: 1;
  readonly origin: 'rebuilt';
  readonly id: CutLabel;
  /** When the arrays were asked, by our clock. */
  readonly seenAt: string;
  readonly snapshots: readonly ArraySnapshot[];
  /** Arrays that could not be asked then: they may have more of it. */
  readonly unasked: readonly ArrayId[];
  /** Sets and runs of this state folder whose papers cannot be read: it may be one of these. */
  readonly mayBe: readonly SetId[];
  /** Absent: it is not ours to remove. */
  readonly adopted?: Adoption;
}

/** On whose word these snapshots are ours. */
export interface Adoption {
  readonly at: string;
  /** 'ops@backup1' */
  readonly by: string;
  readonly because: string;
}

/** As its folder tells. Only `adopted` may be removed; nothing of these counts for anything automatic. */
export type RebuiltEntry = ReadRebuilt | UnreadRebuilt;

export interface ReadRebuilt {
  readonly id: CutLabel;
  readonly state: 'rebuilt' | 'adopted' | 'removing' | 'removed';
  readonly set: RebuiltSet;
  readonly removal?: Removal;
}

interface UnreadRebuilt {
  readonly id: CutLabel;
  readonly state: 'unreadable';
  readonly why: string;
}

/** Rebuilt sets are few, and changed by hand: one lock for all of them. */
export const REBUILT_LOCK: LockName = { key: 'rebuilt', shown: 'the rebuilt sets' };

const rebuiltShape = z.object({
  v: z.literal(1),
  origin: z.literal('rebuilt'),
  id: cutLabel,
  seenAt: instant,
  snapshots: z.array(arraySnapshot),
  unasked: z.array(z.string()),
  mayBe: z.array(setId),
  adopted: z.object({ at: instant, by: z.string(), because: z.string() }).exactOptional(),
}) satisfies z.ZodType<RebuiltSet, unknown>;

/** All of them, in the order of their labels. */
export async function listRebuilt(state: StateFolder): Promise<readonly RebuiltEntry[]> {
  const entries: RebuiltEntry[] = [];
  for (const name of await state.files.list(rebuiltFolder(state))) {
    const entry = isLabel(name) ? await readRebuilt(state, name) : undefined;
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

/** Whether a name on the command line means one of these: a whole label, or the beginning of one and of nothing else. */
export function meansRebuilt(
  name: string,
  rebuilt: readonly RebuiltEntry[],
  others: readonly { readonly id: string }[],
): boolean {
  const begins = ({ id }: { readonly id: string }): boolean => name !== '' && id.startsWith(name);
  return rebuilt.some(({ id }) => id === name) || (rebuilt.some(begins) && !others.some(begins));
}

/** On disk when it resolves. */
export async function writeRebuilt(state: StateFolder, set: RebuiltSet): Promise<void> {
  await state.files.makeFolder(rebuiltFolder(state, set.id));
  await state.files.writeWhole(rebuiltFile(state, set.id), sealedText(set));
}

/** Of one that the arrays show no more, or that turned out to be known: nothing on an array is touched. */
export async function forgetRebuilt(state: StateFolder, id: CutLabel): Promise<void> {
  await state.files.remove(rebuiltFolder(state, id));
}

/** The oldest time that its arrays tell; undefined: none tells any. */
export function oldestOf(snapshots: readonly Pick<ArraySnapshot, 'createdAt'>[]): string | undefined {
  return snapshots.flatMap(({ createdAt }) => createdAt ?? []).sort((a, b) => Date.parse(a) - Date.parse(b))[0];
}

async function readRebuilt(state: StateFolder, id: CutLabel): Promise<RebuiltEntry | undefined> {
  try {
    const text = await state.files.read(rebuiltFile(state, id));
    if (text === undefined) return undefined;
    const opened = openSealed(text);
    if (opened.kind === 'broken') return unreadable(state, id, opened.why);
    const read = rebuiltShape.safeParse(opened.content);
    if (!read.success) return unreadable(state, id, notUnderstood(read.error));
    if (read.data.id !== id) return unreadable(state, id, `it is that of ${read.data.id}`);
    const removal = await readRemoval(state, id);
    return {
      id,
      state: stateOf(read.data, removal),
      set: read.data,
      ...(removal === undefined ? {} : { removal }),
    };
  } catch (thrown) {
    return unreadable(state, id, asFault(thrown).message);
  }
}

/** A mark of a removal beside a set that nobody has adopted is of an earlier time: it removes nothing. */
function stateOf(set: RebuiltSet, removal: Removal | undefined): ReadRebuilt['state'] {
  if (set.adopted === undefined) return 'rebuilt';
  if (removal === undefined) return 'adopted';
  return removal.finishedAt === undefined ? 'removing' : 'removed';
}

function unreadable(state: StateFolder, id: CutLabel, why: string): UnreadRebuilt {
  return { id, state: 'unreadable', why: `${rebuiltFile(state, id)}: ${why}` };
}

function rebuiltFile(state: StateFolder, id: CutLabel): string {
  return join(rebuiltFolder(state, id), 'set.json');
}
