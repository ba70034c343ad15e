import { join } from 'node:path';
import { z } from 'zod';
import { Fault } from '../base/fault.ts';
import { jsonText, parseJson } from '../base/json.ts';
import type { ArraySnapshot, CutLabel, SetId } from '../model.ts';
import { isLabel } from './names.ts';
import { instant } from './shapes.ts';
import { rebuiltFolder, type StateFolder, setFolder } from './state-folder.ts';

/** As much of a set as its removal needs: a manifest, or what was rebuilt and adopted, which is named by its label. */
export interface Removable {
  readonly id: SetId | CutLabel;
  readonly snapshots: readonly ArraySnapshot[];
}

/** How far the removal of a set has come. From its first mark on the set is no longer whole, and counts for nothing. */
export interface Removal {
  readonly v: 1;
  readonly since: string;
  readonly because: string;
  /** What is gone so far. */
  readonly gone: readonly SnapshotIdentity[];
  /** Absent: not all of it is gone. */
  readonly finishedAt?: string;
}

type SnapshotIdentity = Pick<ArraySnapshot, 'array' | 'id'> & { readonly source: string };

/** A removal under way. It can be begun again after a crash: then only what is left is to do. */
export interface Removing {
  readonly left: readonly ArraySnapshot[];
  /** To be called once the array shows it no more. On disk when it resolves. */
  gone(snapshot: ArraySnapshot): Promise<void>;
  /** Marks the set as removed; a Fault while something of it is left. */
  finish(now: Date): Promise<void>;
}

const removalShape: z.ZodType<Removal, unknown> = z.object({
  v: z.literal(1),
  since: instant,
  because: z.string(),
  gone: z.array(z.object({ array: z.string(), id: z.string(), source: z.string() })),
  finishedAt: instant.exactOptional(),
});

/** Marks the set as going, on disk, before anything of it is removed. */
export async function beginRemoval(
  state: StateFolder,
  set: Removable,
  why: { readonly because: string; readonly now: Date },
): Promise<Removing> {
  const file = removalFile(state, set.id);
  const earlier = await readRemoval(state, set.id);
  let removal: Removal = earlier ?? { v: 1, since: why.now.toISOString(), because: why.because, gone: [] };
  const write = async (next: Removal): Promise<void> => {
    await state.files.writeWhole(file, jsonText(next));
    removal = next;
  };
  if (!isLabel(set.id)) await state.files.writeWhole(removalFlag(state, set.id), '');
  if (earlier === undefined) await write(removal);
  return {
    get left() {
      return leftOf(set, removal);
    },
    gone: (snapshot) => write({ ...removal, gone: [...removal.gone, identityOf(snapshot)] }),
    async finish(now) {
      const left = leftOf(set, removal);
      if (left.length === 0) return write({ ...removal, finishedAt: now.toISOString() });
      throw new Fault({
        code: 'catalog.not-removed',
        message: `set ${set.id}: ${left.length} of its ${set.snapshots.length} snapshots are still there`,
        hint: `Run again: stillpoint remove ${set.id}`,
      });
    },
  };
}

/**
 * Beside the set's folder, and there before anything in it says so: whoever has an index needs only the names to see which
 * of its lines may no longer be true.
 */
export function removalFlag(state: StateFolder, id: SetId): string {
  return `${setFolder(state, id)}${FLAG}`;
}

const FLAG = '.removal';

/** Of the names in a group's folder, those of sets that have one. */
export function flaggedIn(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.filter((name) => name.endsWith(FLAG)).map((name) => name.slice(0, -FLAG.length)));
}

/** A mark that cannot be read is still a mark: the set is going, and nothing of it is known to be gone. */
export async function readRemoval(state: StateFolder, id: Removable['id']): Promise<Removal | undefined> {
  const text = await state.files.read(removalFile(state, id));
  if (text === undefined) return undefined;
  const read = removalShape.safeParse(parseJson(text));
  if (read.success) return read.data;
  return { v: 1, since: new Date(0).toISOString(), because: 'its removal mark cannot be read', gone: [] };
}

/** For what has been adopted anew: what was removed before is no part of it. */
export async function forgetRemoval(state: StateFolder, id: CutLabel): Promise<void> {
  await state.files.remove(removalFile(state, id));
}

/** The snapshots of the set that are not yet known to be gone. */
export function leftOf(set: Pick<Removable, 'snapshots'>, removal: Removal): readonly ArraySnapshot[] {
  const gone = new Set(removal.gone.map(keyOf));
  return set.snapshots.filter((snapshot) => !gone.has(keyOf(identityOf(snapshot))));
}

function identityOf(snapshot: ArraySnapshot): SnapshotIdentity {
  return { array: snapshot.array, id: snapshot.id, source: snapshot.source.id };
}

function keyOf(identity: SnapshotIdentity): string {
  return JSON.stringify([identity.array, identity.source, identity.id]);
}

function removalFile(state: StateFolder, id: Removable['id']): string {
  return join(isLabel(id) ? rebuiltFolder(state, id) : setFolder(state, id), 'removal.json');
}
