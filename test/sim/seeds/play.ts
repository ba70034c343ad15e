import { createHash } from 'node:crypto';
import { jsonLine } from '../../../src/base/json.ts';
import type { Deed } from './deed.ts';
import { beginHistory, type History, send } from './history.ts';
import type { Sabotage } from './process.ts';
import { neverPartial, onlyOurs, provedInTime, sentOnce, strangersStand } from './promises/arrays.ts';
import { firedHeld, guestsLetGo, neverOverlap } from './promises/guests.ts';
import { neverBetter, neverWorse } from './promises/level.ts';
import { accountedFor } from './promises/settled.ts';
import { exitsTrue, lookedOnly, secretKept } from './promises/words.ts';
import { type Broken, broken, type SetSeen } from './story.ts';
import { between, turn } from './turns.ts';
import type { Tally } from './weather.ts';

/** What became of one seed. */
export interface Played {
  readonly seed: number;
  readonly broken: readonly Broken[];
  /** Of every event, every answer and every file: two plays of one seed agree in it. */
  readonly hash: string;
  readonly lines: readonly string[];
}

const LATE_MS = 600_000;

/** Plays one history to its end, judging after each of its turns. */
export async function play(seed: number, tally: Tally = new Map(), sabotage: Sabotage = {}): Promise<Played> {
  const lines: string[] = [];
  const found: Broken[] = [];
  try {
    const history = await beginHistory(seed, tally, sabotage);
    lines.push(jsonLine({ estate: history.world.estate }));
    const judge = (deeds: readonly Deed[], before: readonly SetSeen[]): void => {
      lines.push(...deeds.flatMap(linesOf));
      found.push(...judged(history, deeds, before));
    };
    const turns = history.draw.between(2, 6);
    for (let number = 0; number < turns && found.length === 0; number += 1) {
      await between(history);
      const before = history.sets;
      judge(await turn(history, number), before);
    }
    if (found.length === 0) await settle(history, judge, found);
    lines.push(
      ...history.machines.flatMap(({ contents, name }) => [...contents()].map((file) => jsonLine([name, file]))),
    );
    found.push(...secretKept(history));
  } catch (thrown) {
    found.push(broken('hang', thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)));
  }
  const hash = createHash('sha256').update(lines.join('\n')).digest('hex');
  return { seed, broken: found, hash, lines };
}

function judged(history: History, deeds: readonly Deed[], before: readonly SetSeen[]): readonly Broken[] {
  const fresh = history.sets.filter(({ id, machine }) =>
    before.every((one) => one.id !== id || one.machine !== machine),
  );
  return [
    ...guestsLetGo(history),
    ...neverOverlap(history),
    ...sentOnce(history),
    ...strangersStand(history),
    ...deeds.flatMap((deed) => [
      ...firedHeld(history, deed),
      ...neverPartial(history, deed),
      ...onlyOurs(history, deed, before),
      ...exitsTrue(history, deed),
      ...lookedOnly(history, deed),
    ]),
    ...fresh.flatMap((set) => [...neverBetter(history, set), ...provedInTime(history, set)]),
    ...(history.share === 0 ? deeds.flatMap((deed) => perfect(history, deed)) : []),
  ];
}

/** Nothing went wrong: of a group that can be covered there is a good set, called what it is; of any other, nothing. */
function perfect(history: History, deed: Deed): readonly Broken[] {
  if (deed.end.how !== 'snapshot') return [];
  const { exit, fault } = deed.end.report;
  const group = history.world.estate.groups.find(({ settings }) => settings.name === deed.group.name);
  if (group?.sound !== true)
    return exit === 4 ? [] : [broken('I8', `a group that cannot be covered ends with ${exit}`)];
  const set = history.sets.find(({ id, machine }) => id === deed.run && machine === deed.machine);
  if (exit === 0 && set !== undefined) return neverWorse(history, set);
  return [broken('complete', `run ${deed.number} ends with ${exit} (${fault?.message}); nothing went wrong`)];
}

/** All that can come comes; each machine mends until there is nothing left to do; then all is counted, and used again. */
async function settle(
  history: History,
  judge: (deeds: readonly Deed[], before: readonly SetSeen[]) => void,
  found: Broken[],
): Promise<void> {
  const { world, machines } = history;
  const calm = { weather: history.weather('settled', 0), calm: true };
  const group = world.estate.groups[0].settings;
  for (const guest of world.guests.values()) guest.behave({});
  const last: Deed[] = [];
  for (const machine of machines.filter(
    (one, index) => index === 0 || history.deeds.some((deed) => deed.machine === one),
  )) {
    for (const lock of await machine.locks.of({ pid: -1, boot: -1, alive: () => true }).held()) {
      await machine.locks.of({ pid: -1, boot: -1, alive: () => true }).break(lock);
    }
    let mended: Deed | undefined;
    for (let again = 0; again < 3; again += 1) {
      await world.clock.pass(LATE_MS);
      const before = history.sets;
      const deeds = await send(history, [{ machine, group, errand: { kind: 'mend' }, fate: calm, afterMs: 0 }]);
      judge(deeds, before);
      mended = deeds[0];
      if (mended?.end.how === 'mended' && mended.end.report.mended.length === 0) break;
    }
    if (mended !== undefined) last.push(mended);
  }
  if (found.length > 0) return;
  found.push(...accountedFor(history, last));
  const [machine] = machines;
  for (const { settings } of world.estate.groups) {
    const before = history.sets;
    const deeds = await send(history, [
      { machine, group: settings, errand: { kind: 'snapshot' }, fate: calm, afterMs: 0 },
    ]);
    judge(deeds, before);
    found.push(...deeds.flatMap((deed) => perfect(history, deed)));
  }
}

function linesOf({ number, kind, machine, group, run, events, startedAtMs, endedAtMs, end }: Deed): readonly string[] {
  const about = { number, kind, machine: machine.name, group: group.name, run, startedAtMs, endedAtMs };
  return [about, ...events, wordOf(end)].map((one) => JSON.stringify(one));
}

/** A manifest is in its file; what a bug was made of has a stack, which names this machine's folders. */
function wordOf(end: Deed['end']): unknown {
  if (end.how === 'fault') return { how: end.how, code: end.fault.code, message: end.fault.message };
  if (end.how !== 'snapshot') return end;
  const { manifest: _manifest, failure: _failure, ...report } = end.report;
  return { how: end.how, ...report };
}
