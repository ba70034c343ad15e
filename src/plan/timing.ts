import { seconds } from '../base/deadline.ts';
import type { Finding, Timing } from '../model.ts';

/** Releases have this budget to themselves; no interrupt and no window cuts it short. */
const RELEASE_MS = 5000;
const LEAST_RESERVE_MS = 1000;
const RESERVE_SHARE = 0.15;
const LONG_MS = 20_000;
const TOO_LONG_MS = 60_000;

/** How the window's time is divided: R = max(1 s, 15 % of W) is kept for releases. */
export function timingOf(windowMs: number): Timing {
  return { windowMs, reserveMs: Math.max(LEAST_RESERVE_MS, RESERVE_SHARE * windowMs), releaseMs: RELEASE_MS };
}

/** What is wrong with these times for this group, if anything. */
export function timingFindings(
  group: string,
  timing: Timing,
  forecastMs: number,
  longWindowAccepted: boolean,
): readonly Finding[] {
  const subject = `group ${group}`;
  const { windowMs, reserveMs } = timing;
  if (windowMs - reserveMs <= forecastMs) {
    return [
      {
        code: 'plan.window-too-short',
        severity: 'error',
        subject,
        message: `a window of ${seconds(windowMs)} leaves ${seconds(Math.max(0, windowMs - reserveMs))} before the releases, and the snapshots may take ${seconds(forecastMs)}`,
        hint: `Set \`window\` of the group to ${seconds(Math.ceil((forecastMs + LEAST_RESERVE_MS) / 850) * 1000)} or more.`,
      },
    ];
  }
  if (windowMs > TOO_LONG_MS && !longWindowAccepted) {
    return [
      {
        code: 'plan.window-too-long',
        severity: 'error',
        subject,
        message: `a window of ${seconds(windowMs)}: vSphere HA may reset a guest that stands still for a minute, clusters fail over sooner`,
        hint: 'Set `window` to 60 s or less, or `longWindow: accepted` if nothing watches these guests.',
      },
    ];
  }
  if (windowMs > LONG_MS) {
    return [
      {
        code: 'plan.window-long',
        severity: 'warning',
        subject,
        message: `a window of ${seconds(windowMs)}: above 20 s, HA monitoring, cluster heartbeats and VSS writers may act`,
        hint: 'Runs seldom need more than a few seconds; `stillpoint show latest` draws the last window.',
      },
    ];
  }
  return [];
}
