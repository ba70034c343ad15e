import type { ArraySnapshot, Manifest } from '../../model.ts';
import { type Verified, volumeSubject } from './verified.ts';

/** What one array shows under the label of a set, held against the manifest. */
export interface SnapshotsJudged {
  readonly verified: readonly Verified[];
  /** Those that are the very ones that were taken, as the array tells them now. */
  readonly present: readonly ArraySnapshot[];
}

/**
 * Each snapshot of the manifest that is of this array: is it there, is it the same one, can it be used? And is there
 * anything under the label that the manifest does not know?
 */
export function judgeSnapshots(manifest: Manifest, array: string, seen: readonly ArraySnapshot[]): SnapshotsJudged {
  const recorded = manifest.snapshots.filter((snapshot) => snapshot.array === array);
  const pairs = recorded.map((one) => ({ recorded: one, seen: counterpart(one, seen) }));
  const known = new Set(pairs.map((pair) => pair.seen));
  return {
    verified: [
      ...pairs.map((pair) => judge(pair.recorded, pair.seen, notWhole(manifest))),
      ...seen.filter((one) => !known.has(one)).map(extra),
    ],
    present: pairs.flatMap((pair) => (pair.seen !== undefined && isSame(pair.recorded, pair.seen) ? pair.seen : [])),
  };
}

/** By id and source; else what stands in its place. */
function counterpart(recorded: ArraySnapshot, seen: readonly ArraySnapshot[]): ArraySnapshot | undefined {
  return (
    seen.find((one) => isSame(recorded, one)) ??
    seen.find((one) => one.name === recorded.name && one.source.name === recorded.source.name) ??
    seen.find((one) => one.id === recorded.id)
  );
}

function isSame(recorded: ArraySnapshot, seen: ArraySnapshot): boolean {
  return seen.id === recorded.id && seen.source.id === recorded.source.id;
}

function notWhole({ group }: Manifest): string {
  return `The set is no longer whole. Take a new one: stillpoint snapshot ${group}`;
}

function judge(recorded: ArraySnapshot, seen: ArraySnapshot | undefined, remedy: string): Verified {
  const subject = volumeSubject(recorded);
  const wrong = (code: string, message: string, hint = remedy): Verified => ({
    subject,
    is: 'wrong',
    code: `verify.${code}`,
    message: `snapshot ${recorded.name} ${message}`,
    hint,
  });
  if (seen === undefined) return wrong('gone', 'is not on its array');
  if (seen.id !== recorded.id) {
    return wrong('replaced', `is another one: its id is ${seen.id}, ${recorded.id} was taken`);
  }
  if (seen.source.id !== recorded.source.id) {
    return wrong('other-source', `is of ${seen.source.name} (${seen.source.id}), ${recorded.source.id} was taken`);
  }
  if (seen.name !== recorded.name) {
    return wrong('renamed', `is called ${seen.name} now`, 'Give it its old name back: it is found and removed by it.');
  }
  if (differ(recorded.sizeBytes, seen.sizeBytes)) {
    return wrong('other-size', `has ${seen.sizeBytes} bytes, ${recorded.sizeBytes} were taken`);
  }
  if (differ(recorded.createdAt, seen.createdAt)) {
    return wrong('other-time', `is of ${seen.createdAt}, ${recorded.createdAt} was recorded`);
  }
  if (seen.invalid !== undefined) return wrong('invalid', seen.invalid);
  const told = [
    'id',
    'source',
    ...(seen.sizeBytes === undefined ? [] : ['size']),
    ...(seen.createdAt === undefined ? [] : ['time']),
  ];
  const message = `snapshot ${recorded.name}: ${told.slice(0, -1).join(', ')} and ${told.at(-1)} as recorded`;
  return { subject, is: 'as-recorded', code: 'verify.snapshot', message };
}

/** What one of the two does not tell cannot differ. */
function differ<T>(recorded: T | undefined, seen: T | undefined): boolean {
  return recorded !== undefined && seen !== undefined && recorded !== seen;
}

function extra(seen: ArraySnapshot): Verified {
  return {
    subject: volumeSubject(seen),
    is: 'wrong',
    code: 'verify.extra',
    message: `snapshot ${seen.name} (${seen.id}) has the label of this set, and is not in its manifest`,
    hint: 'Look at it on the array; if nobody wants it, remove it there by hand.',
  };
}
