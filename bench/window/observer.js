/**
 * What the far ends saw of one window, on the one clock that they share.
 * @typedef {object} Seen
 * @property {number} fires
 * @property {number} fireSkewMs between the first fire's arrival and the last one's
 * @property {number} cpuMs of the far ends' process, from the first freeze's arrival to the last thaw's answer
 * @property {number} unheld cuts at whose end a guest was not frozen: must be none
 */

/** @typedef {ReturnType<typeof observer>} Observer */

/** @param {number} guests */
export function observer(guests) {
  let frozen = 0;
  /** @type {NodeJS.CpuUsage | undefined} */
  let cpuBefore;
  let cpuMs = 0;
  let unheld = 0;
  /** @type {number[]} */
  let firedAtMs = [];

  return {
    freezing() {
      cpuBefore ??= process.cpuUsage();
    },
    frozen() {
      frozen += 1;
    },
    thawed() {
      frozen -= 1;
      const { user, system } = process.cpuUsage(cpuBefore);
      cpuMs = (user + system) / 1000;
    },
    fired() {
      firedAtMs.push(performance.now());
    },
    cut() {
      if (frozen < guests) unheld += 1;
    },
    /** @returns {Seen} and begins anew */
    take() {
      const fires = firedAtMs.length;
      const seen = {
        fires,
        fireSkewMs: fires === 0 ? 0 : Math.max(...firedAtMs) - Math.min(...firedAtMs),
        cpuMs,
        unheld,
      };
      cpuBefore = undefined;
      cpuMs = 0;
      unheld = 0;
      firedAtMs = [];
      return seen;
    },
  };
}
