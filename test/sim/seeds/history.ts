import { listSets } from '../../../src/catalog/store.ts';
import type { ArraySnapshot } from '../../../src/model.ts';
import type { GroupSettings } from '../../../src/topology/topology.ts';
import { carriedOut, type Deed, type Errand } from './deed.ts';
import { type Draw, drawFrom } from './draw.ts';
import { drawEstate } from './estate.ts';
import { type Machine, machine } from './machine.ts';
import { type Fate, type Process, type Sabotage, startProcess } from './process.ts';
import type { SetSeen, Story } from './story.ts';
import { type Tally, type Weather, weather } from './weather.ts';
import { worldOf } from './world.ts';

/** A history while it is told: a story that goes on. */
export interface History extends Story {
  readonly draw: Draw;
  readonly deeds: Deed[];
  readonly strangers: ArraySnapshot[];
  readonly taken: Set<string>;
  sets: readonly SetSeen[];
  /** The share of calls that something befalls; 0 in a history without faults. */
  readonly share: number;
  weather(name: string, share?: number): Weather;
  readonly sabotage: Sabotage;
}

/** One process to be sent: where, for which group, on what errand, how long after the others. */
export interface Sending {
  readonly machine: Machine;
  readonly group: GroupSettings;
  readonly errand: Errand;
  readonly fate: Fate;
  readonly afterMs: number;
}

export async function beginHistory(seed: number, tally: Tally, sabotage: Sabotage): Promise<History> {
  const draw = drawFrom(seed);
  const world = worldOf(drawEstate(draw.apart('estate')), draw.apart('pace'));
  const share = draw.chance(0.2) ? 0 : draw.pick([0.01, 0.03, 0.1]);
  return {
    draw,
    world,
    share,
    sabotage,
    machines: [await machine('first', world), await machine('second', world)],
    deeds: [],
    sets: [],
    strangers: [],
    taken: new Set(),
    weather: (name, own = share) => weather(draw.apart(name), own, tally),
  };
}

/**
 * Sends processes side by side and waits until each has ended or died; then looks into the catalogs.
 *
 * @param meanwhile sets what befalls machines and world while they are on their way
 */
export async function send(
  history: History,
  sendings: readonly Sending[],
  meanwhile: (processes: readonly Process[]) => void = () => {},
): Promise<readonly Deed[]> {
  const { world, deeds } = history;
  const begun = sendings.map((sending, index) => {
    const number = deeds.length + index;
    const process = startProcess(world, sending.machine, number, sending.group, sending.fate, history.sabotage);
    return { ...sending, number, process };
  });
  const before = sendings.map((one) => one.machine.contents());
  meanwhile(begun.map(({ process }) => process));
  const done = await world.clock.drive(
    Promise.all(
      begun.map(async ({ number, process, machine: on, group, errand, fate, afterMs }, index): Promise<Deed> => {
        if (afterMs > 0) await new Promise<void>((resolve) => void world.clock.after(afterMs, resolve));
        const startedAtMs = world.clock.now();
        const end = await carriedOut(process, errand, group);
        const { events, run } = process;
        const times = { startedAtMs, endedAtMs: world.clock.now() };
        const wrote = sendings.length === 1 && !isAlike(before[index], on.contents());
        return { number, kind: errand.kind, machine: on, group, run, events, ...times, calm: fate.calm, wrote, end };
      }),
    ),
  );
  deeds.push(...done);
  history.sets = await setsNow(history);
  return done;
}

/** In the order in which they were made; those that are gone stay in it. */
async function setsNow({ machines, sets }: History): Promise<readonly SetSeen[]> {
  const now: SetSeen[] = [...sets];
  for (const on of machines) {
    const papers = papersOf(on);
    if (papers === on.papersSeen) continue;
    on.papersSeen = papers;
    const listed = await listSets(on.state);
    for (const entry of [...listed].reverse()) {
      if (entry.state === 'unreadable') continue;
      const going = entry.state === 'removing' || entry.state === 'removed';
      const { id, manifest, pinned } = entry;
      const seen: SetSeen = { machine: on, id, manifest, pinned: pinned !== undefined, going };
      const index = now.findIndex((one) => one.machine === on && one.id === id);
      if (index < 0) now.push(seen);
      else now[index] = seen;
    }
    // A set that is no longer listed is gone with its papers.
    for (const [index, one] of now.entries()) {
      if (one.machine === on && listed.every(({ id }) => id !== one.id)) now[index] = { ...one, going: true };
    }
  }
  return now;
}

/** All that tells of sets, as one text: where it is the same, nothing need be read again. */
function papersOf({ contents }: Machine): string {
  return [...contents()].flatMap(([path, text]) => (path.startsWith('/state/sets/') ? [path, text] : [])).join('\n');
}

function isAlike(before: ReadonlyMap<string, string> | undefined, now: ReadonlyMap<string, string>): boolean {
  return before?.size === now.size && [...now].every(([path, text]) => before.get(path) === text);
}
