// The process of the far ends: all guests and arrays of one cell. Told over the channel that `fork` makes, and gone with
// whoever started it.
import { arrayEnd } from './array-end.js';
import { guestEnd } from './guest-end.js';
import { observer } from './observer.js';
import { startSshEnd } from './ssh-end.js';

/** @type {import('./observer.js').Observer | undefined} */
let seen;

process.on('disconnect', () => process.exit());
process.on('message', async (/** @type {import('./far.js').Word} */ word) => {
  if (word.type === 'take') return process.send?.(seen?.take());
  const { latencies, allowed } = word;
  const watching = observer(latencies.guests.length);
  seen = watching;
  process.send?.({
    guests: await Promise.all(latencies.guests.map((one) => startSshEnd(allowed, guestEnd(one, watching)))),
    arrays: await Promise.all(latencies.arrays.map((one) => startSshEnd(allowed, arrayEnd(one, watching)))),
  });
});
