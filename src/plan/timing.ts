import { seconds } from '../base/deadline.ts';
import type { Finding, Timing } from '../model.ts';

/** Releases have this budget to themselves; no interrupt and no window cuts it short. */
const RELEASE_MS = 5000;
const LEAST_RESERVE_MS = 1000;
const RESERVE_SHARE = 0.15;

/** How the window's time is divided: R = max(1 s, 15 % of W) is kept for releases. */
export function timingOf(windowMs: number): Timing {
  return { windowMs, reserveMs: Math.max(LEAST_RESERVE_MS, RESERVE_SHARE * windowMs), releaseMs: RELEASE_MS };
}

/** How long the fires of a window take: all at once, those of raised fences when the others are answered. */
export function forecastOf(arrays: readonly { readonly fence: boolean; readonly forecastMs: number }[]): number {
  const longest = (fence: boolean): number =>
    Math.max(0, ...arrays.filter((array) => array.fence === fence).map(({ forecastMs }) => forecastMs));
  return longest(false) + longest(true);
}

/** Whether the snapshots fit in at all. That a window is long by itself, the reader of the topology says. */
export function timingFindings(group: string, timing: Timing, forecastMs: number): readonly Finding[] {
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
  return [];
}
