export const VOLUME = 'lun0';

/**
 * An array with one volume: `snapshot lun0@NAME` takes one, `list` names all.
 * @param {import('./latencies.js').ArrayLatency} latency
 * @param {import('./observer.js').Observer} seen
 * @returns {import('./ssh-end.js').Answer}
 */
export function arrayEnd({ cutMs }, seen) {
  /** @type {string[]} */
  const taken = [];
  return (command, channel, exit) => {
    const [verb, name] = command.split(' ');
    if (verb === 'snapshot' && name !== undefined) {
      seen.fired();
      setTimeout(() => {
        taken.push(name);
        seen.cut();
        exit(0);
      }, cutMs);
    } else if (verb === 'list') {
      channel.write(taken.map((one) => `${one}\n`).join(''));
      exit(0);
    } else exit(127);
  };
}
