import { writeFile } from 'node:fs/promises';
import { asFault, EXIT, Fault } from '../../base/fault.ts';
import { jsonText } from '../../base/json.ts';
import { sealed } from '../../catalog/manifest.ts';
import { listSets, setWithKey } from '../../catalog/store.ts';
import { answerLine } from '../../flows/report.ts';
import type { RunReport } from '../../flows/run-parts.ts';
import { levelText, type Manifest } from '../../model.ts';
import { openCatalog } from '../catalog.ts';
import { levelFlag, usage } from '../flags.ts';
import { groupNamed, loadTopology, type Session, timeoutMs, waitMs } from '../session.ts';
import { take } from '../take.ts';
import type { Command } from '../verb.ts';
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

export const snapshotCommand: Command<Flags> = {
  name: 'snapshot',
  argument: '[group]',
  acts: true,
  summary: 'take one set of a group, now',
  flags: [
    ['--note <text>', 'a remark, kept with the set'],
    ['--key <text>', 'reuse the good set that has this key, if there is one (retried jobs)'],
    ['--require <level>', 'instead of what the topology requires: application, filesystem, crash, unproven'],
    ['--weak <what>', 'keep or remove a set that is weaker than required'],
    ['--manifest <file>', 'write the manifest, or the fault, there as well'],
    ['--dry-run', 'show what it would do; the same as plan'],
    ['--all', 'with --dry-run: every VM that is captured besides'],
  ],
  async run(session, [name], flags) {
    const order = orderOf(flags);
    if (flags.dryRun === true) return showPlan(session, name, flags.all === true);
    const topology = await loadTopology(session);
    const group = groupNamed(topology, name);
    const catalog = await openCatalog(session, topology);
    const { output, cli } = session;
    const require = order.require ?? group.require;
    const sets = flags.key === undefined ? [] : await listSets(catalog.state);
    const reused = setWithKey(sets, group.name, flags.key ?? '', require);
    if (reused !== undefined) {
      answerReused(session, reused.manifest);
      return await copyPapers(session, sealed(reused.manifest), flags.manifest, EXIT.done);
    }
    const where = {
      topology,
      group,
      ...catalog,
      emit: output.emit,
      timeoutMs: timeoutMs(session),
      waitMs: waitMs(session),
    };
    const { report, log } = await take(cli, { ...where, ...order });
    if (report.manifest !== undefined && report.manifest.id !== report.run) answerReused(session, report.manifest);
    else answer(session, report, log);
    return await copyPapers(session, paperOf(report), flags.manifest, report.exit);
  },
};

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

/** `--manifest FILE`: whatever happened, its paper lies there. */
async function copyPapers({ output }: Session, paper: string, file: string | undefined, exit: number): Promise<number> {
  if (file === undefined) return exit;
  try {
    await writeFile(file, paper);
  } catch (thrown) {
    output.note([`The copy of the manifest could not be written to ${file}: ${asFault(thrown).message}`]);
  }
  return exit;
}
