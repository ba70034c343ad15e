import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {{ readonly port: number, readonly hostKey: string }} End one host; its key as in known_hosts
 * @typedef {{ readonly type: 'start', readonly latencies: import('./latencies.js').Latencies, readonly allowed: string }
 *   | { readonly type: 'take' }} Word
 * @typedef {object} Far
 * @property {readonly End[]} guests
 * @property {readonly End[]} arrays
 * @property {() => Promise<import('./observer.js').Seen>} take what was seen since it was asked last
 * @property {() => Promise<void>} close
 */

/**
 * Starts the far ends in a process of their own.
 * @param {import('./latencies.js').Latencies} latencies
 * @param {string} allowed the public key that may log in
 * @returns {Promise<Far>}
 */
export async function startFarEnds(latencies, allowed) {
  const child = fork(fileURLToPath(new URL('./far-ends.js', import.meta.url)));
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the far ends' process ended: ${signal ?? `exit ${code}`}`);
  });
  ended.catch(() => {});
  /** @param {Word} word */
  async function ask(word) {
    const answer = once(child, 'message');
    child.send(word);
    const [said] = await Promise.race([answer, ended]);
    return said;
  }
  const ends = await ask({ type: 'start', latencies, allowed });
  return {
    ...ends,
    take: () => ask({ type: 'take' }),
    async close() {
      child.disconnect();
      await ended.catch(() => {});
    },
  };
}
