import { commandConfig } from '../../dist/arrays/command/config.js';
import { command } from '../../dist/arrays/command/driver.js';
import { systemClock } from '../../dist/base/clock.js';
import { deadline } from '../../dist/base/deadline.js';
import { gather } from '../../dist/base/gather.js';
import { newLabel } from '../../dist/catalog/names.js';
import { timingOf } from '../../dist/plan/timing.js';
import { fsfreezeSettings } from '../../dist/quiesce/fsfreeze/config.js';
import { fsfreeze } from '../../dist/quiesce/fsfreeze/method.js';
import { connectSsh } from '../../dist/transport/ssh.js';
import { runWindow } from '../../dist/window/run.js';
import { VOLUME } from './array-end.js';
import { MOUNT } from './guest-end.js';
import { HOST, USER } from './ssh-files.js';

/**
 * One window, by our own clock.
 * @typedef {object} Measured
 * @property {number} windowMs from the first hold sent to the last release confirmed
 * @property {number} holdMs of these, until the last guest was held
 * @property {number} fireMs from there to the last array's answer
 * @property {number} releaseMs from there to the end
 * @property {number} cpuMs of this process
 */

const WINDOW_MS = 10_000;
const PREPARE_MS = 60_000;
/** Handshakes at once; more are no faster. */
const AT_ONCE = 8;

const clock = systemClock;

/**
 * The way of a real run: the fsfreeze method and the command driver over our own SSH, prepared as `snapshot` does it,
 * and `runWindow`. Connections stay open over all rounds.
 * @param {import('./far.js').Far} far
 * @param {import('./ssh-files.js').SshFiles} files
 */
export async function openStillpoint(far, { key, knownHosts }) {
  const before = deadline(clock, PREPARE_MS, 'connecting');
  /** @param {import('./far.js').End} end */
  const connect = ({ port }) =>
    connectSsh(
      { host: HOST, port, user: USER, key, knownHosts, agent: false, config: false },
      { deadline: before, clock, env: {} },
    );
  const shells = all(await gather(far.guests, connect, AT_ONCE));
  const boxes = all(await gather(far.arrays, connect, AT_ONCE));
  const drivers = boxes.map((shell, index) => arrayDriver(`array${index}`, shell));
  before.done();
  const quiescer = fsfreeze(fsfreezeSettings.parse({ mounts: [MOUNT] }), { clock });

  return {
    /** @returns {Promise<Measured>} */
    async round() {
      const limit = deadline(clock, PREPARE_MS, 'preparing a round');
      const label = newLabel();
      /** @type {import('../../src/ports.ts').GuestChannel[]} */
      const opened = [];
      try {
        const armed = all(
          await gather(drivers, async ({ driver, volumes }) => ({
            array: driver.id,
            armed: await driver.arm(await driver.group(volumes, limit), label, limit),
            fence: false,
          })),
        );
        const guests = all(
          await gather([...shells.entries()], ([index, shell]) => openGuest(index, shell, limit), AT_ONCE),
        );
        opened.push(...guests.map(({ channel }) => channel));
        all(await gather(opened, (channel) => channel.flush(limit)));
        const arrays = all(await gather(armed, async (array) => ({ ...array, ...(await array.armed.recheck(limit)) })));
        all(await gather(opened, (channel) => channel.recheck(limit)));
        return await measured({ guests: guests.map(({ guest }) => guest), arrays });
      } finally {
        limit.done();
        await gather(opened, (channel) => channel.close());
      }
    },
    async close() {
      await gather(shells, (shell) => shell.close());
      await gather(drivers, ({ driver }) => driver.close());
    },
  };

  /**
   * @param {number} index
   * @param {import('../../src/ports.ts').Shell} shell
   * @param {import('../../src/base/deadline.ts').Deadline} limit
   */
  async function openGuest(index, shell, limit) {
    const vm = `guest${index}`;
    const covers = [{ vm, disk: 'scsi0:0' }];
    const { gives } = quiescer;
    const order = { owner: 'the bench', covers, gives, watches: ['sda'], maxLeaseMs: WINDOW_MS };
    const guest = { vm, connect: async () => shell, told: new Map() };
    const channel = await quiescer.open(guest, order, limit);
    const stage = { method: quiescer.method, gives: quiescer.gives, channel };
    return { channel, guest: { vm, optional: false, after: [], stages: [stage] } };
  }
}

/**
 * @param {string} id
 * @param {import('../../src/ports.ts').Shell} shell
 */
function arrayDriver(id, shell) {
  const settings = commandConfig.parse({
    ssh: { host: HOST },
    answers: 'cut',
    snapshot: { run: ['snapshot', '<volume>@<snapshot>'] },
    find: { run: ['list'], row: '^(?<volume>[^@]+)@(?<snapshot>\\S+)$' },
    remove: { run: ['remove', '<volume>@<snapshot>'] },
  });
  const driver = command(id, settings, { clock, shell: async () => shell, volumes: [] });
  return { driver, volumes: [{ array: id, id: VOLUME, name: VOLUME, sizeBytes: 0n, container: VOLUME }] };
}

/** @param {Pick<import('../../src/window/run.ts').WindowParts, 'guests' | 'arrays'>} parts */
async function measured(parts) {
  const cpuBefore = process.cpuUsage();
  const record = await runWindow({
    ...parts,
    clock,
    timing: timingOf(WINDOW_MS),
    interrupt: new AbortController().signal,
    emit: () => {},
  });
  const { user, system } = process.cpuUsage(cpuBefore);
  const proved =
    record.stopped === undefined &&
    record.holds.every(({ release }) => release === 'kept') &&
    record.fires.every(({ outcome }) => outcome === 'cut');
  if (!proved) throw new Error(`a window went wrong: ${JSON.stringify(record)}`);
  const heldAtMs = Math.max(...record.holds.map((hold) => hold.heldAtMs ?? 0));
  const cutAtMs = Math.max(...record.fires.map((fire) => fire.answeredAtMs ?? 0));
  return {
    windowMs: record.closedAtMs - record.openedAtMs,
    holdMs: heldAtMs - record.openedAtMs,
    fireMs: cutAtMs - heldAtMs,
    releaseMs: record.closedAtMs - cutAtMs,
    cpuMs: (user + system) / 1000,
  };
}

/**
 * @template T
 * @param {readonly import('../../src/base/gather.ts').Outcome<T>[]} outcomes
 * @returns {T[]}
 */
function all(outcomes) {
  return outcomes.map((outcome) => {
    if (!outcome.ok) throw outcome.fault;
    return outcome.value;
  });
}
