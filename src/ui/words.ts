import { seconds } from '../base/deadline.ts';
import { unreachable } from '../base/unreachable.ts';
import type { ReleaseKind } from '../model.ts';
import type { RunEvent, RunStep } from '../ports.ts';

/** What happens, in the words that people see. Internal words (arm, fire, cut, fence, lease) end here. */

const STEPS: Readonly<Record<RunStep, string>> = {
  resolve: 'reading where the disks lie',
  plan: 'planning',
  lock: 'taking the locks',
  arm: 'preparing the arrays',
  open: 'connecting to the guests',
  'guest-snapshots': 'taking guest snapshots',
  'guest-snapshots-removed': 'removing guest snapshots',
  flush: 'flushing what the guests have not written yet',
  recheck: 'looking once more that nothing has changed',
  window: 'holding the guests and taking the snapshots',
  collect: 'looking at what is on the arrays',
  'verify-placement': 'looking again where the disks lie',
  seal: 'writing the manifest',
  retention: 'removing what the rules let go',
  'clean-up': 'removing what this run has made',
};

export function stepText(step: RunStep, detail?: string): string {
  return detail === undefined ? STEPS[step] : `${STEPS[step]}: ${detail}`;
}

/** One line, without its time and without a full stop. */
export function eventText(event: RunEvent): string {
  switch (event.type) {
    case 'run':
      return `run ${event.run} of group ${event.group}`;
    case 'step':
      return stepText(event.step, event.detail);
    case 'finding': {
      const { severity, subject, message, hint } = event.finding;
      return `${severity}: ${subject}: ${message}${hint === undefined ? '' : `. ${hint.replaceAll(/\s*\n\s*/g, ' ')}`}`;
    }
    case 'guest':
      return `guest ${event.vm}${event.stage > 0 ? ` (stage ${event.stage + 1})` : ''}: ${guestText(event)}`;
    case 'array':
      return `array ${event.array}: ${arrayText(event)}`;
    case 'window':
      if (event.is === 'opened') return 'the window is open';
      return event.lastsMs === undefined
        ? 'the window is closed'
        : `the window is closed, after ${seconds(event.lastsMs)}`;
    case 'may-be-held':
      return event.hint === undefined ? event.message : `${event.message}. ${event.hint}`;
    case 'waiting':
      return event.over
        ? `${event.for}: waited for it for ${wholeSeconds(event.forMs)}`
        : `waiting for ${event.for}: ${wholeSeconds(event.forMs)}`;
    case 'interrupted':
      return `interrupted by ${event.signal}${interruptedText(event)}`;
    case 'outcome':
      return `${event.state} (exit ${event.exit})`;
    default:
      return unreachable(event);
  }
}

function interruptedText({ secondsLeft, waiting }: Extract<RunEvent, { type: 'interrupted' }>): string {
  const waits = (waiting ?? []).map((wait) => {
    return `${wait.for} (${wholeSeconds(wait.forMs)} so far, ${wholeSeconds(wait.leftMs)} more at the most)`;
  });
  if (waits.length > 0) return ` again: still waiting for ${waits.join(', ')}`;
  if (secondsLeft === undefined) return '';
  if (secondsLeft === 0) return ' again: it is ending';
  return `: nothing new is begun, and a guest that is held is released within ${secondsLeft} s`;
}

function wholeSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

function guestText(event: Extract<RunEvent, { type: 'guest' }>): string {
  const why = event.why === undefined ? '' : `: ${event.why}`;
  switch (event.is) {
    case 'opened':
      return 'connected';
    case 'snapshotting':
      return 'taking a guest snapshot';
    case 'snapshotted':
      return 'guest snapshot taken';
    case 'flushed':
      return 'flushed';
    case 'holding':
      return 'being held';
    case 'held':
      return 'held';
    case 'not-held':
      return `not held${why}`;
    case 'releasing':
      return 'releasing';
    case 'released':
      return `${releaseText(event.release)}${why}`;
    default:
      return unreachable(event.is);
  }
}

function releaseText(release: ReleaseKind | undefined): string {
  switch (release) {
    case 'kept':
      return 'released; hold confirmed';
    case 'written':
      return 'released; a disk was written during the hold';
    case 'expired':
      return 'released; hold not confirmed';
    case 'unknown':
    case undefined:
      return 'its release is not confirmed';
    default:
      return unreachable(release);
  }
}

function arrayText(event: Extract<RunEvent, { type: 'array' }>): string {
  const why = event.why === undefined ? '' : `: ${event.why}`;
  const took = event.tookMs === undefined ? '' : ` in ${seconds(event.tookMs)}`;
  switch (event.is) {
    case 'armed':
      return `prepared${took}`;
    case 'fence-raised':
      return `holds its writes${took}`;
    case 'firing':
      return 'taking the snapshot';
    case 'cut':
      return `snapshot${took}`;
    case 'refused':
      return `refused the snapshot${why}`;
    case 'unknown':
      return `no answer to the snapshot${why}`;
    case 'collected':
      return `its snapshots are there${took}`;
    case 'removed':
      return `its snapshots are removed${took}`;
    default:
      return unreachable(event.is);
  }
}
