import { seconds } from '../../base/deadline.ts';
import { asFault, EXIT, Fault } from '../../base/fault.ts';
import { resumeJournal } from '../../catalog/journal.ts';
import { runFolder } from '../../catalog/state-folder.ts';
import { type CutLabel, levelText, type Manifest, type Verdict } from '../../model.ts';
import type { Decision } from '../../window/outcome.ts';
import type { Remains } from '../undo/take-back.ts';
import type { RunParts, RunReport, Standing } from './run-parts.ts';
import { type Passed, type StillHeld, stillHeld } from './still-held.ts';

/** As much of a run as its last word needs. */
export type Papers = Pick<RunParts, 'clock' | 'emit' | 'state' | 'run' | 'group' | 'guests'>;

/** What is known of a run when it ends. */
export interface Ending {
  readonly decision: Decision;
  readonly exit: number;
  readonly fault?: Fault;
  readonly verdict?: Verdict;
  readonly remains: readonly Remains[];
  /** Guest snapshots that were not removed; absent: none. */
  readonly standing?: readonly Standing[];
  readonly manifest?: Manifest;
  /** Its manifest could not be written. */
  readonly unsealed?: true;
  /** Of a run that came to its window. */
  readonly window?: Passed;
}

/** The last word of a run: told, written to its folder, and answered. A full disk takes none of it back. */
export async function finish(parts: Papers, ending: Ending): Promise<RunReport> {
  const { clock, emit } = parts;
  const doubt = ending.window === undefined ? undefined : stillHeld(parts, ending.window);
  const fault = doubt === undefined ? toBeMended(parts, ending) : heldFault(doubt, ending.fault);
  // Of a run that kept nothing, what it could not prove is of no interest: its fault says what ended it.
  const doubts = ending.decision.state === 'failed' ? [] : (ending.verdict?.because ?? []);
  const line = ending.manifest === undefined ? `${parts.run}  failed` : answerLine(ending.manifest);
  const passing = ending.remains.filter(({ until }) => until !== undefined).map(remainsText);
  const report: RunReport = {
    v: 1,
    run: parts.run,
    group: parts.group.name,
    finishedAt: clock.date().toISOString(),
    state: ending.decision.state,
    ...(ending.decision.state === 'weak' && ending.manifest === undefined ? { kept: false } : {}),
    ...(ending.unsealed === undefined ? {} : { unsealed: ending.unsealed }),
    exit: ending.exit,
    line,
    because: [...doubts, ...ending.remains.map(remainsText), ...standingTexts(ending), ...reusedText(parts, ending)],
    ...(passing.length === 0 ? {} : { passing }),
    ...(fault === undefined
      ? {}
      : {
          fault: {
            code: fault.code,
            message: fault.message,
            ...(fault.hint === undefined ? {} : { hint: fault.hint }),
          },
        }),
    mayBeHeld: doubt?.vms ?? [],
    remains: ending.remains,
    ...(fault === undefined ? {} : { failure: fault }),
    ...(ending.manifest === undefined ? {} : { manifest: ending.manifest }),
  };
  const { manifest: _manifest, remains: _remains, failure: _failure, ...result } = report;
  try {
    await parts.state.files.makeFolder(runFolder(parts.state, parts.run));
    await resumeJournal(parts.state, parts.run).finish(result);
  } catch (thrown) {
    const { code, message } = asFault(thrown);
    emit({
      type: 'finding',
      finding: {
        code,
        severity: 'warning',
        subject: 'state folder',
        message: `the result of the run could not be written: ${message}`,
      },
    });
  }
  emit({ type: 'outcome', state: report.state, exit: report.exit, line });
  return report;
}

/** Of a retried job: the set that is there already is its answer. */
export function reusing(manifest: Manifest): Ending {
  return { decision: { state: 'good', keep: true, exit: EXIT.done }, exit: EXIT.done, manifest, remains: [] };
}

function reusedText({ run }: Papers, { manifest }: Ending): readonly string[] {
  if (manifest === undefined || manifest.id === run) return [];
  return [`it took nothing: ${manifest.id} has the same key, and was there when the locks were free`];
}

/** `mail-20261122T020003Z-7f3a  filesystem (boot disks: crash)  window 1.24 s  2 arrays  7 volumes` */
export function answerLine(manifest: Manifest): string {
  const arrays = new Set(manifest.snapshots.map(({ array }) => array)).size;
  const volumes = manifest.snapshots.length;
  return [
    manifest.id,
    levelText(manifest.verdict),
    ...(manifest.state === 'weak' ? ['weak'] : []),
    ...(manifest.verdict.instant === 'per-vm' ? ['each VM at its own instant'] : []),
    `window ${seconds(manifest.windowMs)}`,
    `${arrays} ${arrays === 1 ? 'array' : 'arrays'}`,
    `${volumes} ${volumes === 1 ? 'volume' : 'volumes'}`,
  ].join('  ');
}

function standingTexts({ standing = [] }: Ending): readonly string[] {
  return standing.map(({ guest, why }) => `guest ${guest}: ${why}`);
}

export function remainsText({ array, names, why }: Remains): string {
  return names.length === 0 ? `array ${array}: ${why}` : `array ${array}: ${names.join(', ')} stayed there: ${why}`;
}

/** A set of which every snapshot is there, and whose manifest is not: nothing is lost, and nothing is sealed. */
export function unsealedFault(parts: RunParts, label: CutLabel, cause: Fault): Fault {
  return new Fault({
    code: 'run.unsealed',
    message: `every snapshot of ${parts.run} is on its array under ${label}, and its manifest could not be written: ${cause.message}`,
    hint: `Make room in the state folder, then seal what was taken: stillpoint mend. \`stillpoint remove ${parts.run}\` takes it away instead.`,
    exit: EXIT.windowFailed,
    cause,
  });
}

/** Whatever went wrong, what stays open is brought to its end by one command. */
function toBeMended({ group }: Papers, { fault, remains, standing = [] }: Ending): Fault | undefined {
  if (fault === undefined || remains.length + standing.length === 0) return fault;
  const { code, message, hint, exit } = fault;
  const mend = `What it may have left is looked for, and removed, by: stillpoint mend ${group.name}`;
  return new Fault({ code, message, hint: hint === undefined ? mend : `${hint} ${mend}`, exit, cause: fault });
}

/** The one message that must not be missed; whatever went wrong before that comes behind it. */
function heldFault(doubt: StillHeld, before: Fault | undefined): Fault {
  return new Fault({
    code: 'guest.may-be-held',
    message: before === undefined ? doubt.message : `${doubt.message}. Before that: ${before.message}`,
    hint: before?.hint === undefined ? doubt.hint : `${doubt.hint} Then: ${before.hint}`,
    exit: EXIT.guestMayBeHeld,
  });
}
