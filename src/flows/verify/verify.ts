import { type Deadline, seconds } from '../../base/deadline.ts';
import { asFault, type Fault } from '../../base/fault.ts';
import { gather, type Outcome, settle } from '../../base/gather.ts';
import type { SetEntry, WholeSet } from '../../catalog/set-entry.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import { type Depth, lookInside } from '../../evidence/look.ts';
import { readRootFiles } from '../../evidence/root-file.ts';
import { LEDGER_FILE } from '../../ledger/record.ts';
import { type ArrayId, type ArraySnapshot, levelText, type Manifest } from '../../model.ts';
import type { ArrayDriver, Exposed } from '../../ports.ts';
import { judgeEvidence } from './evidence.ts';
import { judgeLedgers, type LedgerFile } from './ledgers.ts';
import { judgeSnapshots } from './snapshots.ts';
import { judgeTimes } from './times.ts';
import { unreached, type Verified, volumeSubject, worstFirst } from './verified.ts';

export interface VerifyParts {
  readonly drivers: ReadonlyMap<ArrayId, ArrayDriver>;
  readonly depth: Depth;
}

/** Reading is the work of the array's machine: two at once leave it something for its guests. */
const AT_ONCE = 2;
const WITHDRAW_MS = 10_000;

/**
 * Holds a set against its manifest: the snapshots by what their arrays tell of them, then, where an array can show them,
 * by what is in them. Changes nothing: what was shown is taken away again, whatever ends the look. Worst first.
 */
export async function verify(parts: VerifyParts, set: SetEntry, limit: Deadline): Promise<readonly Verified[]> {
  if (set.state === 'unreadable') return [unbelievable(set.why)];
  if (set.state === 'removing' || set.state === 'removed') return [removing(set)];
  const { manifest } = set;
  const arrays = [...new Set(manifest.snapshots.map(({ array }) => array))];
  const looks = await gather(arrays, (array) => lookAtArray(parts, manifest, array, limit));
  // Where the time is over, what was seen is told all the same; who interrupts wants no answer.
  if (limit.signal.aborted && asFault(limit.signal.reason).code !== 'deadline') throw limit.signal.reason;
  const ledgers = looks.flatMap((look) => (look.ok ? look.value.ledgers : []));
  return worstFirst([
    sealedLine(manifest),
    ...looks.flatMap((look, index) =>
      look.ok ? look.value.verified : [unreached(`array ${arrays[index]}`, look.fault)],
    ),
    ...judgeLedgers(manifest, ledgers),
  ]);
}

interface Look {
  readonly verified: readonly Verified[];
  readonly ledgers: readonly LedgerFile[];
}

async function lookAtArray(parts: VerifyParts, manifest: Manifest, array: ArrayId, limit: Deadline): Promise<Look> {
  const driver = parts.drivers.get(array);
  if (driver === undefined) return { verified: [notInTopology(array)], ledgers: [] };
  const { verified, present } = judgeSnapshots(manifest, array, await driver.find(manifest.label, limit));
  const outside = [...verified, ...judgeTimes(manifest, array, present)];
  const usable = present.filter(({ invalid }) => invalid === undefined);
  const insides = await gather(usable, (snapshot) => lookAtSnapshot(parts, driver, manifest, snapshot, limit), AT_ONCE);
  const looks = usable.map((snapshot, index) => insideOr(insides[index], snapshot));
  return {
    verified: [
      ...outside,
      ...(driver.expose === undefined ? [showsNothing(driver)] : []),
      ...looks.flatMap((look) => look.verified),
    ],
    ledgers: looks.flatMap((look) => look.ledgers),
  };
}

async function lookAtSnapshot(
  parts: VerifyParts,
  driver: ArrayDriver,
  manifest: Manifest,
  snapshot: ArraySnapshot,
  limit: Deadline,
): Promise<Look> {
  if (driver.expose === undefined) return { verified: [], ledgers: [] };
  const exposed = await driver.expose(snapshot, limit);
  const looked = await settle(async () => {
    const evidence = await lookInside(exposed, parts.depth, limit);
    return { evidence, ledgers: await ledgersIn(parts.depth, snapshot, exposed, evidence, limit) };
  });
  const withdrawn = await withdraw(exposed, snapshot, limit);
  if (!looked.ok) return { verified: [...withdrawn, notSeen(volumeSubject(snapshot), looked.fault)], ledgers: [] };
  const { evidence, ledgers } = looked.value;
  return { verified: [...withdrawn, ...judgeEvidence(manifest, snapshot, evidence)], ledgers };
}

async function ledgersIn(
  depth: Depth,
  snapshot: ArraySnapshot,
  exposed: Exposed,
  evidence: Evidence,
  limit: Deadline,
): Promise<readonly LedgerFile[]> {
  if (depth === 'quick') return [];
  const subject = volumeSubject(snapshot);
  const read = await settle(() => readRootFiles(exposed, evidence, LEDGER_FILE, limit));
  // What the guest wrote there must not take away what its file systems have shown.
  if (!read.ok) return [{ subject, file: { kind: 'unread', why: read.fault.message } }];
  return read.value.map((file) => ({ subject, file }));
}

/** Under a time of its own: it has to be done also when the time is over, or somebody interrupts. */
async function withdraw(exposed: Exposed, snapshot: ArraySnapshot, limit: Deadline): Promise<readonly Verified[]> {
  const own = limit.afresh(WITHDRAW_MS, 'taking away what was shown');
  const outcome = await settle(() => exposed.withdraw(own));
  own.done();
  if (outcome.ok) return [];
  const message = `what was made to show it could not be taken away within ${seconds(WITHDRAW_MS)}: ${outcome.fault.message}`;
  const hint = `Look on ${exposed.shell.where} for ${exposed.image}, and take it away by hand.`;
  return [{ subject: volumeSubject(snapshot), is: 'worth-knowing', code: 'verify.left-behind', message, hint }];
}

function insideOr(outcome: Outcome<Look> | undefined, snapshot: ArraySnapshot): Look {
  if (outcome?.ok === true) return outcome.value;
  if (outcome === undefined) return { verified: [], ledgers: [] };
  return { verified: [notSeen(volumeSubject(snapshot), outcome.fault)], ledgers: [] };
}

/** The array was reached, and still nothing can be looked at: asking again will not help. */
const CANNOT_SHOW: ReadonlySet<string> = new Set(['array.no-one-image', 'array.no-image', 'evidence.unreadable']);

function notSeen(subject: string, fault: Fault): Verified {
  const line = unreached(subject, fault);
  return CANNOT_SHOW.has(fault.code) ? { ...line, is: 'not-looked-at' } : line;
}

function sealedLine(manifest: Manifest): Verified {
  const { state, verdict, snapshots } = manifest;
  const message = `its checksum matches: a ${state} set, ${levelText(verdict)}, ${snapshots.length} snapshots`;
  return { subject: 'manifest', is: 'as-recorded', code: 'verify.manifest', message };
}

function unbelievable(why: string): Verified {
  return {
    subject: 'manifest',
    is: 'wrong',
    code: 'verify.manifest',
    message: why,
    hint: 'Nothing of it is believed. docs/operations.md tells how to find its snapshots by hand.',
  };
}

function removing({ id, removal }: WholeSet): Verified {
  return {
    subject: 'manifest',
    is: 'wrong',
    code: 'verify.removing',
    message: `its removal was begun at ${removal?.since ?? 'an unknown time'}: it is no whole set any more`,
    hint: `To remove the rest of it: stillpoint remove ${id}`,
  };
}

function notInTopology(array: ArrayId): Verified {
  return {
    subject: `array ${array}`,
    is: 'unreachable',
    code: 'verify.no-such-array',
    message: 'it is not in the topology any more',
    hint: `Put arrays.${array} back, or name the topology that has it: -t FILE`,
  };
}

function showsNothing({ id, traits }: ArrayDriver): Verified {
  const message = `its driver (${traits.make}) shows nothing of what is in its snapshots`;
  const hint = traits.make === 'command' ? { hint: `Say arrays.${id}.expose, to have them looked into.` } : {};
  return { subject: `array ${id}`, is: 'not-looked-at', code: 'verify.shows-nothing', message, ...hint };
}
