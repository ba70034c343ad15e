import { durationMs } from '../base/duration.ts';
import { EXIT, Fault } from '../base/fault.ts';
import { LEVELS, type Level } from '../model.ts';
import type { Session } from './session.ts';

/** '10m', '30s': as the topology writes durations. */
export function durationFlag(flag: string, text: string): number {
  const ms = durationMs(text);
  if (ms !== undefined) return ms;
  throw usage(`${flag} ${text} is not a duration`, 'Write a number with its unit: 30s, 10m, 26h.');
}

export function levelFlag(text: string): Level {
  const level = LEVELS.find((each) => each === text);
  if (level !== undefined) return level;
  throw usage(`--require ${text} is not a level`, `One of: ${LEVELS.join(', ')}.`);
}

export function usage(message: string, hint: string): Fault {
  return new Fault({ code: 'usage.flag', message, hint, exit: EXIT.usage });
}

const TIMEOUT_MS = 30 * 60_000;

/** `--timeout`: for everything before the window, and again for removing old sets after it. */
export function timeoutMs({ flags }: Session): number {
  return flags.timeout === undefined ? TIMEOUT_MS : durationFlag('--timeout', flags.timeout);
}

/** `--wait`: for a lock that another run holds; 0: none. */
export function waitMs({ flags }: Session): number {
  return flags.wait === undefined ? 0 : durationFlag('--wait', flags.wait);
}
