import { EXIT, Fault } from '../../base/fault.ts';
import { gather, settle } from '../../base/gather.ts';
import { mayBeHeld } from '../../catalog/in-doubt.ts';
import { writeManifest } from '../../catalog/manifest.ts';
import type { ArraySnapshot, Level, Manifest, Verdict } from '../../model.ts';
import { type Decision, exitAfter } from '../../window/outcome.ts';
import { disarming } from './after-window.ts';
import { finish, unsealedFault } from './report.ts';
import { applyRetention } from './retention.ts';
import { driverOf, type Opened, type Past, type RunParts, type RunReport, type Standing } from './run-parts.ts';

/** The set stands: its manifest is its seal. */
export async function keep(
  parts: RunParts,
  past: Past,
  decision: Decision,
  judged: Verdict,
  { taken: snapshots, standing }: { readonly taken: readonly ArraySnapshot[]; readonly standing: readonly Standing[] },
): Promise<RunReport> {
  const { plan, record, opened } = past;
  parts.emit({ type: 'step', step: 'seal' });
  const manifest: Manifest = {
    v: 1,
    id: parts.run,
    label: opened.label,
    group: plan.group,
    state: decision.state === 'good' ? 'good' : 'weak',
    takenAt: record.startedAt,
    finishedAt: parts.clock.date().toISOString(),
    stillpoint: parts.version,
    ...(parts.note === undefined ? {} : { note: parts.note }),
    ...(parts.key === undefined ? {} : { key: parts.key }),
    windowMs: record.closedAtMs - record.openedAtMs,
    plan,
    window: record,
    verdict: judged,
    snapshots,
  };
  const ending = { decision, verdict: judged, window: { plan, record }, remains: [], standing };
  const sealed = await settle(() => writeManifest(parts.state, manifest));
  await disarmAll(parts, opened);
  if (!sealed.ok) {
    const exit = exitAfter(decision, { leftovers: 0, unsealed: true });
    const fault = unsealedFault(parts, opened.label, sealed.fault);
    return finish(parts, { ...ending, decision: { ...decision, state: 'failed' }, exit, fault, unsealed: true });
  }
  // A guest in doubt is told of now, not after old sets were removed.
  if (decision.state === 'good' && mayBeHeld(record).length === 0) await applyRetention(parts);
  const weakness = decision.state === 'good' ? {} : { fault: weaker(manifest) };
  const stays =
    standing.length > 0 && decision.exit === EXIT.done ? { exit: EXIT.weaker, fault: pointStands(standing) } : {};
  return finish(parts, { ...ending, exit: decision.exit, manifest, ...weakness, ...stays });
}

/** What `arm` made besides the snapshots goes. What stays costs the set nothing, and is said. */
async function disarmAll(parts: RunParts, { touched, label }: Opened): Promise<void> {
  const limit = disarming(parts);
  const arrays = [...touched];
  const outcomes = await gather(arrays, (array) => driverOf(parts, array).disarm(label, limit));
  limit.done();
  for (const [index, outcome] of outcomes.entries()) {
    const subject = `array ${arrays[index]}`;
    const left = outcome.ok
      ? outcome.value
      : [
          {
            code: outcome.fault.code,
            severity: 'warning' as const,
            subject,
            message: `what was prepared there could not be taken away: ${outcome.fault.message}`,
          },
        ];
    for (const finding of left) parts.emit({ type: 'finding', finding });
  }
}

/** The set is whole and good. But a VM that runs on a snapshot grows a delta until its datastore is full. */
function pointStands(standing: readonly Standing[]): Fault {
  return new Fault({
    code: 'run.guest-snapshot-stands',
    message: `the set is good, and ${standing.map(({ guest, why }) => `guest ${guest}: ${why}`).join('; ')}`,
    hint: 'It grows until it is removed: stillpoint mend removes it, or look at the snapshots of the VM.',
    exit: EXIT.weaker,
  });
}

function weaker(manifest: Manifest): Fault {
  const { verdict: judged, plan } = manifest;
  const because = judged.because.length === 0 ? '' : `: ${judged.because.join('; ')}`;
  return new Fault({
    code: 'run.weak',
    message: `the set is kept and weak: ${shortfall(judged.level, plan.require)}${because}`,
    hint: `It never counts as the last good set. To see all of it: stillpoint show ${manifest.id}. To remove it: stillpoint remove ${manifest.id}`,
    exit: EXIT.weaker,
  });
}

function shortfall(level: Level, require: Level): string {
  if (level !== 'unproven') return `\`${level}\` was proved, \`${require}\` is required`;
  const wanted = require === 'unproven' ? '' : `, and \`${require}\` is required`;
  return `that it is one instant is not proved${wanted}`;
}
