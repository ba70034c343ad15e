import { z } from 'zod';
import { LATE_MS } from '../kit/holding.ts';
import type { SweptWorld } from './world.ts';

/** What is seen from outside after a kill. `bad`: each promise that was broken, in a sentence. */
export interface Aftermath {
  /** How long after the kill the last of the guest's disks took a write, in ms. */
  readonly wroteAfterMs: number;
  readonly mended: string;
  readonly bad: readonly string[];
}

const mendReport = z.object({
  mended: z.array(z.object({ id: z.string(), kind: z.string() })),
  left: z.array(z.string()),
  foreign: z.array(z.object({ array: z.string(), label: z.string() })),
});
const listing = z.object({
  sets: z.array(z.object({ id: z.string(), group: z.string(), state: z.string(), label: z.string().optional() })),
});

/** An answer that got lost may be carried out for a moment after its run has died. */
const LOOKS = 3;
/** A write and its fsync take less than this where nothing is frozen, also on a busy machine. */
const UNHINDERED_MS = 500;
const LATE = /may still appear until/;
const GROUP = 'mail';
const LABEL = /^(?:\.part-)?(sp[a-z2-7]{13})/;
const SNAPSHOTS_OF_A_SET = 2;
const WORDS: Readonly<Record<string, string>> = {
  keep: 'sealed',
  'take-back': 'taken back',
  close: 'brought to its end',
  leave: 'left as it is',
  remove: 'its removal finished',
};

/**
 * @param mendedBefore ids that an earlier look has mended, and which stay open as long as an answer may be late
 * @param keepsLastGood the group must still have a good set
 */
export async function aftermath(
  world: SweptWorld,
  mendedBefore: Set<string>,
  keepsLastGood: boolean,
): Promise<Aftermath> {
  const { wroteAfterMs, bad: held } = await guestGoesOn(world);
  let found: Mending | undefined;
  for (let look = 1; look <= LOOKS; look++) {
    found = await mend(world);
    found.bad.push(...(await unaccounted(world, found.left, keepsLastGood)));
    if (found.bad.length === 0) break;
  }
  const own = (found?.mended ?? []).filter(({ id }) => !mendedBefore.has(id));
  for (const { id } of own) mendedBefore.add(id);
  const isLate = found?.left.some((text) => own.some(({ id }) => text.includes(id))) === true;
  const words = own.map(({ kind }) => WORDS[kind] ?? kind);
  const mended = words.length === 0 ? 'nothing to mend' : `${words.join(', ')}${isLate ? '; may be late, named' : ''}`;
  return { wroteAfterMs, mended, bad: [...held, ...(found?.bad ?? []), ...harm(world)] };
}

/**
 * I1, and nothing of the holder stays behind. A word that was on its way may freeze after the first write, so writes are
 * tried until the holder is gone.
 */
async function guestGoesOn(world: SweptWorld): Promise<{ wroteAfterMs: number; bad: string[] }> {
  const { guest, windowMs, holderMs } = world;
  const disks = [...guest.disks];
  const limitMs = windowMs + LATE_MS;
  const began = performance.now();
  const blocked = new Set<string>();
  let wroteAfterMs: number | undefined;
  do {
    const triedAtMs = performance.now() - began;
    const took = await Promise.all(disks.map(([, disk]) => disk.write(limitMs)));
    for (const [nth, ms] of took.entries()) if (ms === 'blocked') blocked.add(disks[nth]?.[0] ?? '');
    const stoodMs = Math.max(...took.map((ms) => (ms === 'blocked' ? Number.POSITIVE_INFINITY : ms)));
    // A write that was not kept waiting says nothing about when the guest could write.
    if (wroteAfterMs === undefined || stoodMs > UNHINDERED_MS) wroteAfterMs = triedAtMs + stoodMs;
  } while (blocked.size === 0 && guest.processes().length > 0 && performance.now() - began < holderMs);
  const bad = [...blocked].map((at) => `${at} took no write within lease + ${LATE_MS / 1000} s`);
  if (blocked.size === 0 && wroteAfterMs > limitMs)
    bad.push(`a disk was still held ${Math.round(wroteAfterMs)} ms after`);
  for (const [at, disk] of disks) if ((await disk.thaw()) !== 'EINVAL') bad.push(`${at} was frozen when all was over`);
  const left = guest.processes();
  if (left.length > 0) bad.push(`the holder's processes are left in the guest: ${left.length}`);
  return { wroteAfterMs, bad };
}

interface Mending {
  readonly mended: readonly { readonly id: string; readonly kind: string }[];
  readonly left: readonly string[];
  readonly bad: string[];
}

async function mend(world: SweptWorld): Promise<Mending> {
  const { exit, stdout, stderr } = await world.run(['mend', '--json']);
  const said = mendReport.safeParse(exit === 0 || exit === 3 ? JSON.parse(stdout) : undefined);
  if (!said.success) return { mended: [], left: [], bad: [`mend: exit ${exit}: ${stderr}${stdout}`] };
  const { mended, left, foreign } = said.data;
  const strangers = foreign.filter(({ label }) => !world.foreign.includes(label));
  return {
    mended,
    left,
    bad: [
      ...left.filter((text) => !LATE.test(text)).map((text) => `mend could not mend: ${text}`),
      ...strangers.map(({ array, label }) => `mend takes ${label} on ${array} for somebody else's`),
      ...(foreign.length < 2 ? ['mend does not name both snapshots that are not ours'] : []),
    ],
  };
}

/** Every snapshot of our form is in exactly one whole set, or named by mend; no set has lost one. */
async function unaccounted(
  world: SweptWorld,
  left: readonly string[],
  keepsLastGood: boolean,
): Promise<readonly string[]> {
  const { exit, stdout, stderr } = await world.run(['list', '--json']);
  if (exit !== 0) return [`list: exit ${exit}: ${stderr}`];
  const { sets } = listing.parse(JSON.parse(stdout));
  const there = world.snapshots();
  const ofSet = (label: string | undefined): readonly string[] => there.filter((name) => labelOf(name) === label);
  const hasGood = sets.some(({ group, state }) => group === GROUP && state === 'good');
  return [
    ...(keepsLastGood && !hasGood ? [`group ${GROUP} has lost its last good set`] : []),
    ...sets
      .filter(({ state }) => state !== 'good' && state !== 'weak')
      .map(({ id, state }) => `set ${id} is ${state} after mend`),
    ...sets
      .filter(({ label }) => ofSet(label).length !== SNAPSHOTS_OF_A_SET)
      .map(({ id, label }) => `set ${id} is not whole: [${ofSet(label).join(', ')}]`),
    ...there
      .filter((name) => sets.filter(({ label }) => label === labelOf(name)).length !== 1)
      .filter((name) => !left.some((text) => text.includes(name.slice(name.indexOf('/') + 1))))
      .map((name) => `${name} is in no set or in two, and mend does not name it`),
  ];
}

function labelOf(name: string): string | undefined {
  return LABEL.exec(name.slice(name.indexOf('/') + 1))?.[1];
}

function harm(world: SweptWorld): readonly string[] {
  return world.harmed().map((path) => `${path}, which is not ours, was touched`);
}

/** Weak sets stay until somebody removes them: so many that the arrays of a long sweep would fill. */
export async function removeWeak(world: SweptWorld): Promise<readonly string[]> {
  const { stdout } = await world.run(['list', '--json']);
  const weak = listing.parse(JSON.parse(stdout)).sets.filter(({ state }) => state === 'weak');
  if (weak.length === 0) return [];
  const { exit, stderr } = await world.run(['remove', ...weak.map(({ id }) => id), '--yes']);
  return exit === 0 ? [] : [`weak sets cannot be removed: exit ${exit}: ${stderr}`];
}

/** What an answer that is missing has left open is closed once none can come any more. Answers with what is not. */
export async function settled(world: SweptWorld, limitMs: number): Promise<readonly string[]> {
  const began = performance.now();
  for (;;) {
    const { left, bad } = await mend(world);
    if (left.length === 0 || performance.now() - began > limitMs) return [...left, ...bad];
    await pause(5000);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
