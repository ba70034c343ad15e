import type { Evidence, Part } from '../../evidence/evidence.ts';
import { type ArraySnapshot, type DiskRef, diskName, type Manifest, type PlannedDisk } from '../../model.ts';
import { type Standing, type Verified, volumeSubject } from './verified.ts';

/** What a snapshot's bytes say, held against what the manifest says of the disks that lie on it. */
export function judgeEvidence(manifest: Manifest, snapshot: ArraySnapshot, evidence: Evidence): readonly Verified[] {
  const subject = volumeSubject(snapshot);
  const say = (is: Standing, code: string, message: string, hint?: string): Verified => ({
    subject,
    is,
    code: `verify.${code}`,
    message,
    ...(hint === undefined ? {} : { hint }),
  });
  const volume = manifest.plan.arrays
    .flatMap(({ units }) => units.flatMap(({ volumes }) => volumes))
    .find(({ array, id }) => array === snapshot.array && id === snapshot.source.id);
  // Size 0: nothing told it.
  const expected = volume?.sizeBytes ?? 0n;
  if (expected !== 0n && evidence.sizeBytes !== expected) {
    const message = `the image in its snapshot has ${evidence.sizeBytes} bytes, the volume had ${expected}`;
    return [
      say(
        'wrong',
        'other-size',
        message,
        `The snapshot was changed. Take a new set: stillpoint snapshot ${manifest.group}`,
      ),
    ];
  }
  if (evidence.damaged !== undefined) {
    return [say('worth-knowing', 'no-partitions', `it cannot be looked into: ${evidence.damaged}`, ASK_GUEST)];
  }
  const hold = holdOn(manifest, snapshot);
  if (evidence.parts.length === 0) return [judgeNoPartition(hold, say)];
  return evidence.parts.map((part) => judgePart(part, hold, say));
}

const ASK_GUEST = 'Look at the same disk in the guest: it may have been so before.';

/** Whether the file systems on a volume stood still when it was cut, as the record proves it. */
interface Hold {
  readonly kind: 'held' | 'unconfirmed' | 'free' | 'mixed';
  /** 'mail01 scsi0:1' */
  readonly disks: string;
}

function holdOn(manifest: Manifest, { array, source }: ArraySnapshot): Hold {
  const onIt = manifest.plan.disks.filter(({ volumes }) =>
    volumes.some((volume) => volume.array === array && volume.id === source.id),
  );
  const held = onIt.filter((disk) => wasHeld(manifest, disk));
  const disks = onIt.map(({ ref }) => diskName(ref)).join(', ');
  if (held.length === 0)
    return { kind: onIt.some((disk) => wasToBeHeld(manifest, disk)) ? 'unconfirmed' : 'free', disks };
  return { kind: held.length === onIt.length ? 'held' : 'mixed', disks };
}

/** A hold of an application stills no file system: whoever only has that still finds a journal to replay. */
function wasHeld({ window, verdict }: Manifest, { ref }: PlannedDisk): boolean {
  const covered = window.holds.some(
    ({ gives, release, covers }) =>
      gives === 'filesystem' && release === 'kept' && covers.some((one) => isSame(one, ref)),
  );
  return covered && verdict.disks.some((disk) => isSame(disk.ref, ref) && disk.stilledBy === 'guest');
}

/** Its guest was sent a hold, and the word that it stood is missing, or the record of all that is. */
function wasToBeHeld({ plan }: Manifest, { ref }: PlannedDisk): boolean {
  const stages = plan.guests.filter(({ vm }) => vm === ref.vm).flatMap((guest) => guest.stages);
  return stages.some(({ gives, covers }) => gives === 'filesystem' && covers.some((one) => isSame(one, ref)));
}

function isSame(one: DiskRef, other: DiskRef): boolean {
  return one.vm === other.vm && one.disk === other.disk;
}

type Say = (is: Standing, code: string, message: string, hint?: string) => Verified;

function judgePart(part: Part, hold: Hold, say: Say): Verified {
  const { check, note, recovery } = part;
  const name = part.partition === undefined ? part.what : `partition ${part.partition.number}, ${part.what}`;
  if (recovery === undefined) return judgeOther(name, part, hold, say);
  const state = recoveryText(name, part);
  if (recovery.needed === 'yes' && hold.kind === 'held') {
    return say('wrong', 'needs-recovery', `${state}, and ${hold.disks} was held when it was cut`, CONTRADICTION);
  }
  const because = recovery.needed === 'unknown' ? '' : `, ${expectedText(recovery.needed, hold)}`;
  if (check?.kind === 'errors') {
    return say(
      'wrong',
      'file-system-errors',
      `${state}${because}; ${check.program} finds errors: ${check.says}`,
      ASK_GUEST,
    );
  }
  if (check?.kind === 'doubts') {
    return say(
      'worth-knowing',
      'file-system-doubts',
      `${state}${because}; ${check.program} says: ${check.says}`,
      ASK_GUEST,
    );
  }
  const checked =
    check === undefined ? '' : check.kind === 'sound' ? `; ${check.program} finds nothing wrong` : `; ${check.because}`;
  if (note !== undefined)
    return say('worth-knowing', 'file-system-note', `${state}${because}${checked}; ${note}`, ASK_GUEST);
  const isOpen = recovery.needed === 'unknown' || (recovery.needed === 'no' && check?.kind === 'not-looked-at');
  return say(isOpen ? 'not-looked-at' : 'as-recorded', 'file-system', `${state}${because}${checked}`);
}

function judgeNoPartition({ kind, disks }: Hold, say: Say): Verified {
  if (kind !== 'held') return say('not-looked-at', 'not-looked-into', 'its table of partitions is empty');
  const message = `its table of partitions is empty, and ${disks} was held when it was cut`;
  return say('wrong', 'empty', message, CONTRADICTION);
}

/** Nothing of its kind tells whether it stood still; but what was held has a file system, in one way or another. */
function judgeOther(name: string, { note, partition, what }: Part, hold: Hold, say: Say): Verified {
  const isEmpty = what === 'nothing';
  if (isEmpty && partition === undefined && hold.kind === 'held') {
    const message = `all zeros where a file system would begin, and ${hold.disks} was held when it was cut`;
    return say('wrong', 'empty', message, CONTRADICTION);
  }
  if (note !== undefined) return say('worth-knowing', 'file-system-note', `${name}: ${note}`, ASK_GUEST);
  const message = isEmpty ? `${name}: all zeros where a file system would begin` : `${name}: not looked into`;
  return say('not-looked-at', 'not-looked-into', message);
}

const CONTRADICTION =
  'Do not rely on the level of this set. Unless that file system was not mounted: see what the guest holds ' +
  '(stillpoint check), and take a new one.';

function recoveryText(name: string, { recovery }: Part): string {
  switch (recovery?.needed) {
    case 'yes':
      return `${name}: needs recovery (${recovery.because})`;
    case 'no':
      return `${name}: needs no recovery (${recovery.because})`;
    default:
      return `${name}: whether it needs recovery is not known (${recovery?.because ?? ''})`;
  }
}

function expectedText(needed: 'yes' | 'no', { kind, disks }: Hold): string {
  if (kind === 'held') return `as ${disks} was held`;
  if (kind === 'mixed') return `and of ${disks} some were held`;
  if (kind === 'unconfirmed') {
    const text = `hold of ${disks} not confirmed`;
    return needed === 'yes' ? `as may be: ${text}` : text;
  }
  return needed === 'yes' ? 'as may be where nobody held it' : 'and nobody held it';
}
