import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { type Deadline, deadline } from '../base/deadline.ts';
import { EXIT, Fault } from '../base/fault.ts';
import { refuseIfStopped } from '../flows/survey.ts';
import type { ArrayId, Manifest, Plan } from '../model.ts';
import type { ArrayDriver } from '../ports.ts';
import { drawWindow, proofOf } from '../ui/drawing.ts';
import { WIDTH, wrap } from '../ui/text.ts';
import { insistOnWriters, type Round, readBack, type Tally, tally, unheldRound } from './rounds.ts';
import { heading, heldSummary, INDENT, imagesRead, unheldSummary, whereDisksLie } from './text.ts';
import { TWO_TIERS } from './two-tier.ts';
import { type SmallWorld, startWorld } from './world.ts';

/** The program under the demo, as it is for any other topology: the screenplay has no other way to take a set. */
export interface Program {
  readonly drivers: ReadonlyMap<ArrayId, ArrayDriver>;
  plan(limit: Deadline): Promise<Plan>;
  /** One whole run of the main path; rejects with its Fault where no good set was made. */
  take(): Promise<Manifest>;
  close(): Promise<void>;
}

export interface DemoOptions {
  /** Puts the program together for a topology file. */
  readonly open: (topology: string) => Promise<Program>;
  /** One line of the story. */
  readonly say: (line: string) => void;
  readonly clock: Clock;
  readonly interrupt: AbortSignal;
  /** How the reader started this program: 'node bin/stillpoint.js'. */
  readonly command: string;
  readonly rounds?: number;
}

/** What a machine is told at the end. */
export interface DemoResult {
  readonly exit: number;
  readonly unheld: { readonly rounds: number; readonly torn: number };
  readonly held: { readonly rounds: number; readonly torn: number; readonly windowMs: readonly number[] };
  /** The state folder with the sets that were taken. */
  readonly state: string;
}

const ROUNDS = 10;
/** Of the rounds without a hold, so many must tear, or the demo has shown nothing. */
const SHARE_TORN = 0.8;
const LIMIT_MS = 120_000;

/**
 * Plays the demo. What it made stays only if it was played to its end: an interrupt, which it rejects with, or anything
 * that fails leaves nothing behind.
 */
export async function playDemo(options: DemoOptions): Promise<DemoResult> {
  const limit = deadline(options.clock, LIMIT_MS, 'the demo', options.interrupt);
  const world = await startWorld(TWO_TIERS);
  let kept = false;
  try {
    const result = await play(options, world, limit);
    kept = true;
    return result;
  } catch (thrown) {
    // Whatever broke because of it: the interrupt is why.
    options.interrupt.throwIfAborted();
    throw thrown;
  } finally {
    limit.done();
    await world.close();
    await tidy(world, kept);
  }
}

/** The logins end with the world that they open; sets, images and the topology can be looked at. */
async function tidy({ folder }: SmallWorld, kept: boolean): Promise<void> {
  const gone = kept ? ['guests', 'id_ecdsa', 'vcenter-password'].map((name) => join(folder, name)) : [folder];
  for (const path of gone) await rm(path, { recursive: true, force: true });
}

async function play(options: DemoOptions, world: SmallWorld, limit: Deadline): Promise<DemoResult> {
  const { say } = options;
  say('Stillpoint   one instant across several storage arrays');
  tell(say, 'A small world inside this process: a vCenter, three guests, two arrays. Nothing of yours is touched.', '');
  say('');
  const program = await options.open(world.topology);
  try {
    const plan = await program.plan(limit);
    refuseIfStopped(plan);
    say(heading(1, 'Where the disks lie', 'stillpoint plan'));
    for (const line of whereDisksLie(plan)) say(line);
    tell(say, 'Six disks, two arrays. Neither array alone can give a point in time of these guests.');
    say('');
    const unheld = await playUnheld(options, world, program, plan, limit);
    say('');
    const { rounds: held, manifests } = await playHeld(options, world, program, limit);
    say('');
    conclude(options, world, manifests);

    return judged(options, tally(unheld), tally(held), manifests, world.state);
  } finally {
    await program.close();
  }
}

async function playUnheld(
  { say, interrupt, rounds = ROUNDS }: DemoOptions,
  world: SmallWorld,
  program: Program,
  plan: Plan,
  limit: Deadline,
): Promise<readonly Round[]> {
  say(heading(2, 'Snapshots of both arrays at the same moment, guests running'));
  tell(say, 'Each guest writes N to its boot disk, then N to its data disk. Read back from the snapshots:');
  const arrays = plan.arrays.flatMap(({ array, units }) => {
    const driver = program.drivers.get(array);
    return driver === undefined ? [] : [{ driver, units }];
  });
  const played: Round[] = [];
  for (let number = 1; number <= rounds; number += 1) {
    interrupt.throwIfAborted();
    const round = await unheldRound(world, arrays, limit);
    insistOnWriters(played.at(-1), round);
    played.push(round);
    if (number === 1) for (const line of imagesRead(round)) say(line);
  }
  say(unheldSummary(played));
  return played;
}

async function playHeld(
  { say, interrupt, rounds = ROUNDS }: DemoOptions,
  world: SmallWorld,
  program: Program,
  limit: Deadline,
): Promise<{ readonly rounds: readonly Round[]; readonly manifests: readonly Manifest[] }> {
  say(heading(3, 'The same with Stillpoint', 'stillpoint snapshot'));
  tell(say, 'By the holder that real guests get; only fsfreeze is a stand-in: it stops the writer and flushes.');
  const played: Round[] = [];
  const manifests: Manifest[] = [];
  for (let number = 1; number <= rounds; number += 1) {
    interrupt.throwIfAborted();
    const manifest = await program.take();
    const round = await readBack(world, manifest.snapshots);
    insistOnWriters(played.at(-1), round);
    manifests.push(manifest);
    played.push(round);
    if (number === rounds) for (const line of imagesRead(round)) say(line);
    limit.signal.throwIfAborted();
  }
  say(heldSummary(played));
  return { rounds: played, manifests };
}

function conclude({ say, command }: DemoOptions, world: SmallWorld, manifests: readonly Manifest[]): void {
  const last = manifests.at(-1);
  if (last === undefined) throw new Fault({ code: 'demo.no-set', message: 'no set was taken' });
  for (const line of drawWindow(last.window, { title: 'The last window' })) say(line);
  const proof = proofOf(last.window);
  if (proof !== undefined) tell(say, proof);
  say('');
  say(`Kept for you to look at:  ${world.folder}   (remove it when you like)`);
  say('Next:');
  say(`  ${command} show latest --state ${world.state}`);
  for (const [what, why] of [
    ['init > stillpoint.yaml', 'a first topology of your own'],
    ['check', 'what stands, what does not'],
  ]) {
    say(`  ${`${command} ${what}`.padEnd(46)}  ${why}`);
  }
}

function tell(say: DemoOptions['say'], text: string, indent = INDENT): void {
  for (const line of wrap(text, WIDTH, indent)) say(line);
}

function judged(
  { say }: DemoOptions,
  unheld: Tally,
  held: Tally,
  manifests: readonly Manifest[],
  state: string,
): DemoResult {
  const exit = exitFor(unheld, held);
  if (exit === EXIT.windowFailed)
    tell(say, 'A held image is torn. This must never be: please report it, with the folder above.', '');
  if (exit === EXIT.weaker)
    tell(say, 'Too few images were torn without a hold: this machine was too slow to show anything.', '');
  return {
    exit,
    unheld: { rounds: unheld.rounds, torn: unheld.torn },
    held: {
      rounds: held.rounds,
      torn: held.torn,
      windowMs: manifests.map((manifest) => Math.round(manifest.windowMs)),
    },
    state,
  };
}

function exitFor(unheld: Tally, held: Tally): number {
  if (held.torn > 0) return EXIT.windowFailed;
  return unheld.torn < unheld.rounds * SHARE_TORN ? EXIT.weaker : EXIT.done;
}
