import { setFolder } from '../../../src/catalog/state-folder.ts';
import { guestFault } from './boundaries/guest.ts';
import type { Deed, Errand } from './deed.ts';
import { type History, type Sending, send } from './history.ts';
import type { Machine } from './machine.ts';
import type { Process } from './process.ts';
import { placeStranger } from './strangers.ts';
import type { Weather } from './weather.ts';
import type { World } from './world.ts';

const MINUTE_MS = 60_000;
/** So long a guest's sshd waits for a machine that says nothing any more. */
const HANG_UP_MS = 30_000;

/** What happens between the deeds: time passes, clocks are set, people pin sets, strangers make snapshots. */
export async function between(history: History): Promise<void> {
  const { world, draw, machines } = history;
  await world.clock.pass(draw.pick([100, 5_000, MINUTE_MS, 10 * MINUTE_MS, 26 * 60 * MINUTE_MS]));
  if (draw.chance(0.2)) placeStranger(history);
  const set = draw.oneOf(history.sets.filter(({ going }) => !going));
  if (set !== undefined && draw.chance(0.1)) {
    const pin = `${setFolder(set.machine.state, set.id)}/pin.json`;
    await set.machine.state.files.writeWhole(pin, '{"because":"audit"}');
    history.sets = history.sets.map((one) => (one === set ? { ...one, pinned: true } : one));
  }
  if (history.share > 0 && draw.chance(0.15)) jump(draw.pick(machines), history.weather('clock'));
}

/** One turn: a deed, or two that meet. */
export function turn(history: History, number: number): Promise<readonly Deed[]> {
  const { draw, share, world } = history;
  const name = `turn ${number}`;
  const isCalm = share === 0 || draw.chance(0.3);
  const weather = history.weather(name, isCalm ? 0 : share);
  for (const guest of world.guests.values()) guest.behave(isCalm ? {} : guestFault(weather));

  const first = sending(history, weather, isCalm, errand(history), 0);
  if (isCalm || !draw.chance(0.2)) return send(history, [first], meanwhile(history, weather, isCalm));
  weather.count('second-controller');
  const rival = { ...sending(history, weather, false, errand(history), draw.below(3_000)), calm: false };
  const both = [{ ...first, fate: { ...first.fate, calm: false } }, rival];
  return send(history, both, meanwhile(history, weather, isCalm));
}

function sending(history: History, weather: Weather, calm: boolean, what: Errand, afterMs: number): Sending {
  const { draw, machines, sets, world } = history;
  const on = what.kind === 'remove' ? sets.find(({ id }) => id === what.id)?.machine : undefined;
  const fate = { weather, calm, ...(calm ? {} : ending(weather)) };
  return {
    machine: on ?? draw.pick(machines),
    group: draw.pick(world.estate.groups).settings,
    errand: what,
    fate,
    afterMs,
  };
}

/** How a process may be ended before its work is done. */
function ending(weather: Weather): { readonly diesAt?: number; readonly interruptAfterMs?: number } {
  const { draw } = weather;
  if (draw.chance(0.15)) {
    weather.count('killed');
    return { diesAt: draw.below(150) };
  }
  if (draw.chance(0.1)) {
    weather.count('interrupted');
    return { interruptAfterMs: draw.below(1_500) };
  }
  return {};
}

function errand({ draw, sets }: History): Errand {
  const set = draw.oneOf(sets.filter(({ going }) => !going));
  if (set !== undefined && draw.chance(0.1)) return { kind: 'remove', id: set.id };
  return { kind: draw.pick(['snapshot', 'snapshot', 'snapshot', 'snapshot', 'mend', 'mend', 'look'] as const) };
}

/** What befalls world and machines while processes are on their way, between their steps. */
function meanwhile(history: History, weather: Weather, isCalm: boolean) {
  return (processes: readonly Process[]): void => {
    if (isCalm) return;
    const { world, machines } = history;
    const { draw } = weather;
    const soon = (share: number, work: () => void): void => {
      if (draw.chance(share)) world.clock.after(draw.below(1_500), work);
    };
    const [victim] = processes;
    soon(0.08, () => {
      weather.count('killed');
      victim?.life.kill('signal');
    });
    soon(0.05, () => losePower(history.world, draw.pick(machines), weather));
    soon(0.05, () => jump(draw.pick(machines), weather));
    soon(0.05, () => moveSome(history, weather));
  };
}

/** All processes of the machine are gone at once, and what was not synced with them. Guests hear nothing of it. */
function losePower(world: World, machine: Machine, weather: Weather): void {
  weather.count('power-lost');
  for (const life of machine.lives.splice(0)) {
    life.kill('power');
    world.clock.after(HANG_UP_MS, () => life.hangUp());
  }
  machine.losePower((unsynced) => {
    if (unsynced > 0) weather.count('unsynced-lost');
    return weather.draw.below(unsynced + 1);
  });
}

function jump(machine: Machine, weather: Weather): void {
  weather.count('clock-jump');
  machine.aheadMs += weather.draw.pick([-1, 1]) * weather.draw.pick([2_000, 90_000, 3_600_000, 86_400_000]);
}

function moveSome({ world, draw }: History, weather: Weather): void {
  const disks = world.estate.vms.flatMap((vm) =>
    vm.disks.filter(({ lies, held }) => held && lies.on === 'datastore').map(({ address }) => ({ vm, address })),
  );
  const one = draw.oneOf(disks);
  if (one === undefined) return;
  weather.count('moved');
  world.vsphere.move(one.vm.name, one.address, weather.draw.below(20_000));
}
