import { appendFileSync } from 'node:fs';

const { STILLPOINT_PLACES: list, STILLPOINT_DIE_AT: deathPlace } = process.env;
/** @type {Map<string, number>} */
const passed = new Map();

/**
 * A place that the process comes through, by what is done there: 'before rename runs/RUN/intent.json'. The same name again
 * is told apart by how often it was passed, so that what runs at the same time does not move the numbers of others.
 *
 * @param {string} name
 */
export function pass(name) {
  const nth = (passed.get(name) ?? 0) + 1;
  passed.set(name, nth);
  const place = `${name} #${nth}`;
  if (list !== undefined) appendFileSync(list, `${place}\n`);
  if (place === deathPlace) process.kill(process.pid, 'SIGKILL');
}

/**
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 */
export async function passing(name, work) {
  pass(`before ${name}`);
  const result = await work();
  pass(`after ${name}`);
  return result;
}
