import { writeFile } from 'node:fs/promises';
import { asFault, EXIT, Fault } from '../../base/fault.ts';
import { jsonText } from '../../base/json.ts';
import { setWithKey } from '../../catalog/find-set.ts';
import { sealed } from '../../catalog/manifest.ts';
import { answerLine } from '../../flows/snapshot/report.ts';
import type { RunReport } from '../../flows/snapshot/run-parts.ts';
import { levelText, type Manifest } from '../../model.ts';
import { openCatalog } from '../catalog.ts';
import { TopologyFault } from '../findings.ts';
import { levelFlag, timeoutMs, usage, waitMs } from '../flags.ts';
import type { Session } from '../session.ts';
import { take } from '../take.ts';
import { groupNamed, loadTopology } from '../topology.ts';
import type { Args } from '../verb.ts';
import { showPlan } from './plan.ts';

interface Flags {
  readonly note?: string;
  readonly key?: string;
  readonly manifest?: string;
  readonly require?: string;
  readonly weak?: string;
  readonly dryRun?: true;
  readonly all?: true;
}

export async function run(session: Session, [name]: Args, flags: Flags): Promise<number> {
  let ended: Ended;
  try {
    const order = orderOf(flags);
    if (flags.dryRun === true) return await showPlan(session, name, flags.all === true);
    ended = await reuseOrTake(session, name, order);
  } catch (thrown) {
    if (flags.dryRun !== true) await copyPapers(session, faultPaper(session, asFault(thrown)), flags.manifest);
    throw thrown;
  }
  if ('reused' in ended) {
    answerReused(session, ended.reused);
    await copyPapers(session, sealed(ended.reused), flags.manifest);
    return EXIT.done;
  }
  const { report, log } = ended;
  if (report.manifest !== undefined && report.manifest.id !== report.run) answerReused(session, report.manifest);
  else answer(session, report, log);
  await copyPapers(session, paperOf(report), flags.manifest);
  return report.exit;
}

type Ended = { readonly reused: Manifest } | { readonly report: RunReport; readonly log: string };

/** Rejects where there is no run at all: a topology that cannot be used, a state folder that cannot be written. */
async function reuseOrTake(
  session: Session,
  name: string | undefined,
  order: ReturnType<typeof orderOf>,
): Promise<Ended> {
  const topology = await loadTopology(session);
  const group = groupNamed(topology, name);
  const catalog = await openCatalog(session, topology);
  const require = order.require ?? group.require;
  const { key } = order;
  const reused = key === undefined ? undefined : await setWithKey(catalog.state, group.name, key, require);
  if (reused !== undefined) return { reused };
  const where = {
    topology,
    group,
    ...catalog,
    emit: session.output.emit,
    timeoutMs: timeoutMs(session),
    waitMs: waitMs(session),
  };
  return await take(session.cli, { ...where, ...order });
}

function orderOf({ note, key, require, weak }: Flags) {
  if (weak !== undefined && weak !== 'keep' && weak !== 'remove')
    throw usage(`--weak ${weak} is neither keep nor remove`, 'Write one of them.');
  // A job whose variable is not set would be answered with an old set of another such job.
  if (key !== undefined && key.trim() === '')
    throw usage('--key is empty', 'Name the job with it (is its variable set?), or leave --key out.');
  return {
    ...(note === undefined ? {} : { note }),
    ...(key === undefined ? {} : { key }),
    ...(require === undefined ? {} : { require: levelFlag(require) }),
    ...(weak === undefined ? {} : { weak: weak === 'keep' ? ('keep' as const) : ('remove' as const) }),
  };
}

function answerReused({ output }: Session, manifest: Manifest): void {
  output.result({
    exit: EXIT.done,
    line: `${answerLine(manifest)}  reused (key ${manifest.key})`,
    because: [],
    fields: { set: manifest.id, state: 'good', level: levelText(manifest.verdict), reused: true },
  });
}

/** A set answers with its line; a run that made none, or that left a guest in doubt, with its fault. */
function answer({ output }: Session, report: RunReport, log: string): void {
  const { manifest, fault, failure, exit } = report;
  if (manifest === undefined || exit === EXIT.guestMayBeHeld) {
    const why = fault ?? { code: 'run.failed', message: 'the run failed' };
    const place = { log, because: report.because, ...(manifest === undefined ? {} : { set: manifest.id }) };
    output.fault(new Fault({ ...why, exit, cause: failure }), place);
    return;
  }
  output.result({
    exit,
    line: report.line,
    because:
      fault === undefined ? report.because : [...report.because, ...(fault.hint === undefined ? [] : [fault.hint])],
    log,
    fields: {
      set: manifest.id,
      group: manifest.group,
      state: report.state,
      level: manifest.verdict.level,
      levelText: levelText(manifest.verdict),
      require: manifest.plan.require,
      windowMs: Math.round(manifest.windowMs),
      arrays: [...new Set(manifest.snapshots.map(({ array }) => array))],
      snapshots: manifest.snapshots.length,
      ...(fault === undefined ? {} : { fault }),
    },
  });
}

function paperOf({ manifest, remains: _remains, failure: _failure, ...result }: RunReport): string {
  return manifest === undefined ? jsonText(result) : sealed(manifest);
}

/** The same of a fault before there was a run: it has no id, and held nobody. */
function faultPaper({ cli }: Session, fault: Fault): string {
  const { code, message, hint, exit } = fault;
  return jsonText({
    v: 1,
    finishedAt: cli.clock.date().toISOString(),
    state: 'failed',
    exit,
    line: 'failed before its run began',
    because: fault instanceof TopologyFault ? fault.findings.map((one) => `${one.subject}: ${one.message}`) : [],
    fault: { code, message, ...(hint === undefined ? {} : { hint }) },
    mayBeHeld: [],
  });
}

/** `--manifest FILE`: whatever happened, its paper lies there, and never that of an earlier job. */
async function copyPapers({ output }: Session, paper: string, file: string | undefined): Promise<void> {
  if (file === undefined) return;
  try {
    await writeFile(file, paper);
  } catch (thrown) {
    output.note([`The copy of the manifest could not be written to ${file}: ${asFault(thrown).message}`]);
  }
}
