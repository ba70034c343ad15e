import { createHash } from 'node:crypto';

/**
 * What a far end needs for its part, in whole ms.
 * @typedef {{ readonly freezeMs: number, readonly thawMs: number }} GuestLatency
 * @typedef {{ readonly cutMs: number }} ArrayLatency
 * @typedef {{ readonly guests: readonly GuestLatency[], readonly arrays: readonly ArrayLatency[] }} Latencies
 */

/**
 * Log-normal around the median, cut off at both ends. ext4 and xfs after a flush freeze in 45 to 59 ms and thaw in 2 to
 * 5; snapshots took 4 ms (xfs, reflink) to 80 (Ceph RBD).
 */
const FREEZE = { median: 38, spread: 0.35, least: 20, most: 60 };
const THAW = { median: 3, spread: 0.35, least: 2, most: 5 };
const CUT = { median: 28, spread: 0.6, least: 10, most: 80 };

/**
 * The same seed gives the same latencies; guest 3 is as fast in a cell of 8 as in one of 64.
 * @param {number} seed
 * @param {number} guests
 * @param {number} arrays
 * @returns {Latencies}
 */
export function latenciesOf(seed, guests, arrays) {
  return {
    guests: Array.from({ length: guests }, (_, index) => ({
      freezeMs: drawn(FREEZE, `${seed} freeze ${index}`),
      thawMs: drawn(THAW, `${seed} thaw ${index}`),
    })),
    arrays: Array.from({ length: arrays }, (_, index) => ({ cutMs: drawn(CUT, `${seed} cut ${index}`) })),
  };
}

/**
 * No window that holds all guests before it cuts, and cuts all arrays before it lets go, can be shorter: everything at
 * once, and a line and a machine that take no time.
 * @param {Latencies} latencies
 */
export function unavoidableMs({ guests, arrays }) {
  const slowestFreeze = Math.max(...guests.map(({ freezeMs }) => freezeMs));
  const slowestCut = Math.max(...arrays.map(({ cutMs }) => cutMs));
  const slowestThaw = Math.max(...guests.map(({ thawMs }) => thawMs));
  return slowestFreeze + slowestCut + slowestThaw;
}

/**
 * @param {{ median: number, spread: number, least: number, most: number }} shape
 * @param {string} name
 */
function drawn({ median, spread, least, most }, name) {
  const bytes = createHash('sha256').update(name).digest();
  // Two numbers in (0, 1], and of them one of the normal distribution (Box and Muller).
  const a = (bytes.readUInt32BE(0) + 1) / 2 ** 32;
  const b = (bytes.readUInt32BE(4) + 1) / 2 ** 32;
  const normal = Math.sqrt(-2 * Math.log(a)) * Math.cos(2 * Math.PI * b);
  return Math.round(Math.min(most, Math.max(least, median * Math.exp(spread * normal))));
}
