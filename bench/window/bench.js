import { parseArgs } from 'node:util';
import { hasSsh } from './by-script.js';
import { measureCell } from './cell.js';
import { heading, line } from './table.js';

/** @param {readonly string[]} flags */
export async function windowBench(flags) {
  const wish = read(flags);
  if (wish === undefined) return;
  const script = hasSsh();
  if (!script) process.stderr.write('no ssh(1) here: nothing to compare with (Debian: openssh-client)\n');
  if (!wish.json) process.stdout.write(`${heading()}\n`);
  for (const guests of wish.guests) {
    for (const arrays of wish.arrays) {
      const row = await measureCell({ guests, arrays, seed: wish.seed, rounds: wish.rounds, script });
      process.stdout.write(`${wish.json ? JSON.stringify(row) : line(row)}\n`);
    }
  }
}

/** @param {readonly string[]} flags */
function read(flags) {
  try {
    const { values } = parseArgs({
      args: [...flags],
      options: {
        json: { type: 'boolean', default: false },
        seed: { type: 'string', default: '1' },
        rounds: { type: 'string', default: '9' },
        guests: { type: 'string', default: '1,8,64' },
        arrays: { type: 'string', default: '1,4,8' },
      },
    });
    return {
      json: values.json,
      seed: whole(values.seed),
      rounds: whole(values.rounds),
      guests: values.guests.split(',').map(whole),
      arrays: values.arrays.split(',').map(whole),
    };
  } catch (thrown) {
    process.stderr.write(`${thrown instanceof Error ? thrown.message : thrown}\n`);
    process.exitCode = 2;
    return undefined;
  }
}

/** @param {string} written */
function whole(written) {
  if (/^[1-9]\d{0,4}$/.test(written)) return Number(written);
  throw new Error(`'${written}' is no whole number above 0`);
}
