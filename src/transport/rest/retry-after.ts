import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../../base/clock.ts';

/** A server that says 0 would otherwise be asked without a pause. */
const SHORTEST_MS = 1_000;

/**
 * How long the server asks us to wait: it is busy (429, 503) and says for how long, in seconds or as a date. Undefined:
 * it does not.
 */
export function retryAfterMs(status: number, headers: IncomingHttpHeaders, clock: Clock): number | undefined {
  const said = headers['retry-after'];
  if ((status !== 429 && status !== 503) || said === undefined) return undefined;
  const ms = /^\d{1,7}$/.test(said) ? Number(said) * 1000 : Date.parse(said) - clock.date().getTime();
  return Number.isNaN(ms) ? undefined : Math.max(SHORTEST_MS, ms);
}
