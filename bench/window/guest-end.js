import { closeSync, openSync, readdirSync, readSync } from 'node:fs';

/**
 * A guest, as far as a window needs one: it looks like a machine with one data disk, speaks the holder's words, and has
 * an fsfreeze. Where a kernel would work, it waits.
 */

export const MOUNT = '/srv/data';
const PROGRAM = /^\S*python3 -I -S -c .* '?(\d+)'?$/s;

const FILES = {
  '/proc/self/mountinfo': `21 1 0:20 / / rw - tmpfs tmpfs rw\n22 21 8:0 / ${MOUNT} rw - ext4 /dev/sda rw\n`,
  '/proc/swaps': 'Filename\tType\tSize\tUsed\tPriority\n',
  '/proc/self/status': 'Uid:\t0\t0\t0\t0\n',
  '/sys/class/block/sda/size': '2097152\n',
  '/sys/class/block/sda/dev': '8:0\n',
  '/sys/class/block/sda/ro': '0\n',
  '/sys/class/block/sda/stat': '60 0 2400 9 148 5 4216 29 0 20 51 0 0 0 0 28 12\n',
};
const LINKS = {
  '/dev/sda': '/dev/sda',
  '/sys/class/block/sda': '/sys/devices/pci0000:00/0000:03:00.0/host0/target0:0:0/0:0:0:0/block/sda',
};
/** A device of this machine, whose counters are read when a guest's own would be. */
const COUNTED = readdirSync('/sys/class/block').slice(0, 1);
const FACTS = [
  ...Object.entries(FILES).map(([path, text]) => `F ${path} ${Buffer.from(text).toString('hex')}`),
  ...Object.entries(LINKS).map(([path, target]) => `L ${path} ${target}`),
  'END',
];

/**
 * @param {import('./latencies.js').GuestLatency} latency
 * @param {import('./observer.js').Observer} seen
 * @returns {import('./ssh-end.js').Answer}
 */
export function guestEnd({ freezeMs, thawMs }, seen) {
  let isFrozen = false;

  /** @param {(errno: '0' | 'EBUSY') => void} tell */
  function freeze(tell) {
    seen.freezing();
    setTimeout(() => {
      if (isFrozen) return tell('EBUSY');
      isFrozen = true;
      seen.frozen();
      tell('0');
    }, freezeMs);
  }

  /** @param {(errno: '0' | 'EINVAL') => void} tell */
  function thaw(tell) {
    setTimeout(() => {
      if (!isFrozen) return tell('EINVAL');
      isFrozen = false;
      tell('0');
      seen.thawed();
    }, thawMs);
  }

  return (command, channel, exit) => {
    if (command === `fsfreeze -f ${MOUNT}`) return freeze((errno) => exit(errno === '0' ? 0 : 1));
    if (command === `fsfreeze -u ${MOUNT}`) return thaw((errno) => exit(errno === '0' ? 0 : 1));
    const program = PROGRAM.exec(command);
    if (program !== null) return holder(channel, Number(program[1]), freeze, thaw, exit);
    if (!command.includes('echo uid')) return exit(127);
    channel.write('uid 0\npython3 /usr/bin/python3\n');
    exit(0);
  };
}

/**
 * The far side of src/quiesce/holder/words.ts. A line is a write of its own, as from the real one.
 * @param {import('ssh2').ServerChannel} channel
 * @param {number} programBytes so much comes before the first word
 * @param {(tell: (errno: string) => void) => void} freeze
 * @param {(tell: (errno: string) => void) => void} thaw
 * @param {(code: number) => void} exit
 */
function holder(channel, programBytes, freeze, thaw, exit) {
  let toSkip = programBytes;
  let text = '';
  let state = 'ready';
  const counters = COUNTED.flatMap((name) =>
    ['stat', 'inflight'].map((file) => openSync(`/sys/class/block/${name}/${file}`, 'r')),
  );
  const count = () => {
    for (const fd of counters) readSync(fd, Buffer.alloc(512), 0, 512, 0);
  };
  channel.on('data', (/** @type {Buffer} */ chunk) => {
    text += chunk.subarray(Math.min(toSkip, chunk.length)).toString();
    toSkip = Math.max(0, toSkip - chunk.length);
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) obey(line);
  });
  channel.on('end', () => exit(0));
  channel.on('close', () => {
    for (const fd of counters.splice(0)) closeSync(fd);
  });

  /** @param {string} line */
  function obey(line) {
    const [nonce, word, mark = '-'] = line.split(' ');
    const say = (/** @type {readonly string[]} */ ...said) => {
      for (const one of said) channel.write(`${nonce} ${one}\n`);
    };
    switch (word) {
      case 'probe':
      case 'look':
        return say(...FACTS);
      case 'open':
        return say(`MOUNT 0 ${MOUNT} 8:0 ext4`, 'READY pid=1 watch=2 freezer=3 mlock=ok');
      case 'sync':
        return say('SYNCED');
      case 'arm':
        return say('ARMED none');
      case 'ping':
        return say(`PONG ${mark} ${now()} ${state}`);
      case 'freeze':
        state = 'freezing';
        return freeze((errno) => {
          if (errno !== '0') return say(`FAILED 0 ${errno}`, `THAW 0 idle`, `THAWED by=failed ${now()}`);
          count();
          say(`FROZEN 0 ${now()}`, `ALL-FROZEN ${now()}`);
          state = 'held';
        });
      case 'thaw':
        count();
        return thaw((errno) => {
          say(`THAW 0 ${errno} EINVAL ${now()}`, `THAWED by=word ${now()} written=-`);
          exit(0);
        });
      default:
        return exit(1);
    }
  }
}

/** A guest's own clock, in ns. */
function now() {
  return process.hrtime.bigint();
}
