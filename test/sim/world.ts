import fc from 'fast-check';
import { deadline } from '../../src/base/deadline.ts';
import { interruptedBy } from '../../src/base/interrupt.ts';
import type { CutLabel, CutUnit, DeviceKey, DiskRef, Level, Plan, PlannedDisk, WindowRecord } from '../../src/model.ts';
import type { ArrayDriver, RunEvent } from '../../src/ports.ts';
import { runWindow, type WindowArray } from '../../src/window/run.ts';
import { simulatedArray } from '../doubles/array/array.ts';
import { simulated as simulatedDriver } from '../doubles/array/driver.ts';
import type { FireFault } from '../doubles/array/faults.ts';
import { type SimulatedGuest, simulated as simulatedGuest } from '../doubles/guest.ts';
import { type HandClock, handClock } from './hand-clock.ts';
import type { Still, Truth } from './truth.ts';

/** Everything that a run of the window depends on; fast-check draws and shrinks it. */
export interface Scene {
  readonly guests: readonly GuestScene[];
  readonly arrays: readonly ArrayScene[];
  readonly windowMs: number;
  /** So long after the window opened. */
  readonly interruptAfterMs?: number;
}

export interface GuestScene {
  readonly optional: boolean;
  /** Comes after the guest before it. */
  readonly after: boolean;
  readonly gives: Level;
  /** An application's pause before the file systems: lends its level, covers nothing. */
  readonly lends: boolean;
  readonly disks: readonly DiskScene[];
  readonly behaves: SimulatedGuest;
}

export interface DiskScene {
  /** Where it lies: indices, taken modulo what there is. */
  readonly array: number;
  readonly unit: number;
  /** Planned to be held; a disk that is not is an accepted boot disk. */
  readonly held: boolean;
  /** The guest holds something else instead, and says so. */
  readonly missed: boolean;
}

export interface ArrayScene {
  readonly units: number;
  readonly cutMs: number;
  readonly answerMs: number;
  readonly fence: 'none' | 'good' | 'slow' | 'expires' | 'refused';
  readonly answers: 'cut' | 'accepted';
  readonly fault?: FireFault;
}

const GB = 1n << 30n;
const LABEL = 'spaaaaaaaaaaaaa' as CutLabel;

/** Plays a scene on a hand-driven clock, to the end of every lease. */
export async function play(
  scene: Scene,
  clock: HandClock = handClock(),
): Promise<{
  readonly plan: Plan;
  readonly record: WindowRecord;
  readonly truth: Truth;
  readonly events: readonly RunEvent[];
  readonly stillHeld: readonly string[];
  /** A fault that the scene injected; a slow but honest world has none. */
  readonly honest: boolean;
}> {
  const devices = (array: number): { name: string; device: DeviceKey; sizeBytes: bigint }[] =>
    Array.from({ length: scene.arrays[array]?.units ?? 0 }, (_, unit) => ({
      name: `lun${unit}`,
      device: `naa.6${array}${unit}` as DeviceKey,
      sizeBytes: GB,
    }));
  const arrays = scene.arrays.map((settings, index) => {
    const array = simulatedArray(
      `a${index}`,
      {
        volumes: devices(index),
        cutMs: settings.cutMs,
        answerMs: settings.answerMs,
        answers: settings.answers,
        ...(settings.fence === 'none' ? {} : { fence: { min: 500, max: 60_000 } }),
      },
      clock,
    );
    if (settings.fence === 'expires') array.failNext('raise', { kind: 'short-lived', ms: 3 });
    if (settings.fence === 'slow') array.failNext('raise', { kind: 'slow', ms: scene.windowMs * 0.85 - 200 });
    if (settings.fence === 'refused') array.failNext('raise', { kind: 'refused' });
    return array;
  });

  const calm = deadline(clock, 60_000, 'preparing');
  const planned: PlannedDisk[] = [];
  const guests: {
    readonly vm: string;
    readonly scene: GuestScene;
    readonly stages: ReturnType<typeof simulatedGuest>[];
    readonly covers: readonly DiskRef[][];
  }[] = scene.guests.map((guest, index) => {
    const vm = `g${index}`;
    const held: DiskRef[] = [];
    for (const [number, disk] of guest.disks.entries()) {
      const array = arrays[disk.array % arrays.length];
      const volume = array?.volumes[disk.unit % (array.volumes.length || 1)];
      if (array === undefined || volume === undefined) throw new Error('a scene without arrays');
      const ref = { vm, disk: `scsi0:${number}` };
      if (disk.held) held.push(ref);
      planned.push({
        ref,
        kind: 'rdm-physical',
        sizeBytes: GB,
        where: 'physical RDM',
        data: [volume.device],
        volumes: [volume],
        units: [volume.id],
        cover: disk.held ? 'held' : 'free',
        boot: !disk.held,
        ...(disk.held ? {} : { because: 'boot disk' }),
      });
    }
    const missed = new Set(guest.disks.flatMap((disk, number) => (disk.missed ? [`scsi0:${number}`] : [])));
    const files = simulatedGuest(clock, {
      ...guest.behaves,
      gives: guest.gives,
      stills: (ref) => !missed.has(ref.disk),
    });
    const lender = simulatedGuest(clock, { gives: 'application' });
    return guest.lends
      ? { vm, scene: guest, stages: [lender, files], covers: [[], held] }
      : { vm, scene: guest, stages: [files], covers: [held] };
  });

  const armed: (WindowArray & { readonly units: readonly CutUnit[]; readonly driver: ArrayDriver })[] = [];
  for (const array of arrays) {
    const driver = simulatedDriver(array);
    const used = array.volumes.filter((volume) => planned.some((disk) => disk.units.includes(volume.id)));
    if (used.length === 0) continue;
    const units = await clock.drive(driver.group(used, calm));
    const cut = await clock.drive(driver.arm(units, LABEL, calm));
    const free = planned.some(
      (disk) => disk.cover !== 'held' && disk.units.some((unit) => units.some(({ id }) => id === unit)),
    );
    const fence = free && cut.fence !== undefined;
    for (const unit of units) {
      const settings = scene.arrays[Number(array.id.slice(1))];
      if (settings?.fault !== undefined && unit === units.at(-1)) array.failFire(unit.id, settings.fault);
    }
    armed.push({ array: array.id, armed: cut, forecastMs: driver.traits.forecastMs, fence, units, driver });
  }

  const plan: Plan = {
    group: 'g',
    require: 'crash',
    best: 'unproven',
    timing: { windowMs: scene.windowMs, reserveMs: Math.max(1000, 0.15 * scene.windowMs), releaseMs: 5000 },
    guests: guests.map(({ vm, scene: guest, stages, covers }, index) => ({
      vm,
      ref: vm,
      instanceUuid: vm,
      optional: guest.optional,
      after: guest.after && index > 0 ? [`g${index - 1}`] : [],
      stages: stages.map((stage, number) => ({
        method: 'simulated',
        gives: stage.gives,
        covers: covers[number] ?? [],
        ...(guest.lends && number === 0 ? { lends: true as const } : {}),
        watches: [],
        holds: [],
      })),
      atBest: 'application' as const,
      excluded: [],
    })),
    disks: planned.map((disk) => {
      const fenced = armed.filter(({ fence }) => fence).flatMap(({ units }) => units.map(({ id }) => id));
      return disk.cover === 'free' && disk.units.every((unit) => fenced.includes(unit))
        ? { ...disk, cover: 'fenced' }
        : disk;
    }),
    arrays: armed.map(({ array, units, fence, forecastMs, driver }) => ({
      array,
      make: 'simulated',
      units,
      fence,
      forecastMs,
      answersCut: driver.traits.answers === 'cut',
    })),
    alsoCaptured: [],
    placement: { takenAt: '', source: 'simulated', vms: [], datastores: [], findings: [] },
    findings: [],
  };

  const events: RunEvent[] = [];
  const interrupt = new AbortController();
  if (scene.interruptAfterMs !== undefined) {
    clock.after(scene.interruptAfterMs, () => {
      events.push({ type: 'interrupted', signal: 'SIGINT' });
      interrupt.abort(interruptedBy('SIGINT', 2));
    });
  }
  const opened = await clock.drive(
    Promise.all(
      guests.map(async ({ vm, scene: guest, stages, covers }, index) => ({
        vm,
        optional: guest.optional,
        after: plan.guests[index]?.after ?? [],
        stages: await Promise.all(
          stages.map(async (quiescer, number) => ({
            method: 'simulated',
            gives: quiescer.gives,
            channel: await quiescer.open(
              { vm, connect: () => Promise.reject(new Error('a simulated guest has no shell')), told: new Map() },
              {
                owner: 'run',
                covers: covers[number] ?? [],
                gives: quiescer.gives,
                watches: [],
                maxLeaseMs: scene.windowMs,
              },
              calm,
            ),
          })),
        ),
      })),
    ),
  );
  const record = await clock.drive(
    runWindow({
      clock,
      timing: plan.timing,
      guests: opened,
      arrays: armed,
      interrupt: interrupt.signal,
      emit: (event) => events.push(event),
    }),
  );
  await clock.pass(scene.windowMs + 60_000);

  const stillness = new Map<string, readonly Still[]>();
  for (const disk of planned) {
    const guest = guests.find(({ vm }) => vm === disk.ref.vm);
    const [lender, files] = guest?.scene.lends === true ? guest.stages : [undefined, guest?.stages[0]];
    const lent = lender?.stillness().map(({ fromMs, untilMs }) => ({ fromMs, untilMs: untilMs ?? Infinity })) ?? [];
    const held = (files?.stillness() ?? [])
      .filter((span) => span.disks.some((ref) => ref.disk === disk.ref.disk))
      .map(({ fromMs, untilMs }) => ({ fromMs, untilMs: untilMs ?? Infinity, gives: guest?.scene.gives ?? 'crash' }));
    // An application that paused before its file systems were held has nothing in flight while they are.
    const paused = held.flatMap((span) =>
      lent.map((pause) => ({
        fromMs: Math.max(span.fromMs, pause.fromMs),
        untilMs: Math.min(span.untilMs, pause.untilMs),
        gives: 'application' as const,
      })),
    );
    const fences = arrays
      .flatMap((array) => array.fences)
      .filter((fence) => disk.units.includes(fence.unit))
      .map((fence) => ({ fromMs: fence.upAtMs, untilMs: fence.downAtMs, gives: 'crash' as const }));
    stillness.set(
      `${disk.ref.vm} ${disk.ref.disk}`,
      [...held, ...paused, ...fences].filter((span) => span.fromMs <= span.untilMs),
    );
  }
  const cutAtMs = new Map(arrays.flatMap((array) => array.cuts.map((cut) => [cut.unit, cut.atMs] as const)));
  return {
    plan,
    record,
    truth: { cutAtMs, stillnessOf: (ref) => stillness.get(`${ref.vm} ${ref.disk}`) ?? [] },
    events,
    stillHeld: guests.filter(({ stages }) => stages.some((stage) => stage.held())).map(({ vm }) => vm),
    honest: isHonest(scene),
  };
}

function isHonest(scene: Scene): boolean {
  if (scene.interruptAfterMs !== undefined) return false;
  const guests = scene.guests.every(({ behaves, disks }) => {
    const { fails, wordDelayMs, letsGoAfterMs, writtenAfterMs, lineLostAfterMs } = behaves;
    const faults = [fails, wordDelayMs, letsGoAfterMs, writtenAfterMs, lineLostAfterMs];
    return faults.every((fault) => fault === undefined) && disks.every((disk) => !disk.missed || !disk.held);
  });
  return (
    guests &&
    scene.arrays.every((array) => array.fault === undefined && !['slow', 'expires', 'refused'].includes(array.fence))
  );
}

// ---- drawing scenes

const ms = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: max * 8 }).map((eighths) => eighths / 8);

const guestFaults: fc.Arbitrary<SimulatedGuest> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  fc.constant({ fails: { step: 'hold' as const, code: 'guest.busy' } }),
  ms(1500).map((wordDelayMs) => ({ wordDelayMs })),
  ms(400).map((letsGoAfterMs) => ({ letsGoAfterMs })),
  ms(400).map((writtenAfterMs) => ({ writtenAfterMs })),
  fc.record({ lineLostAfterMs: ms(400), lineEnds: fc.constantFrom('closed' as const, 'silent' as const) }),
  ms(12_000).map((holdTakesMs) => ({ holdTakesMs })),
);

const fireFaults: fc.Arbitrary<FireFault> = fc.oneof(
  fc.record({ kind: fc.constant('slow' as const), cutMs: ms(6000), answerMs: ms(6000) }),
  fc.constant({ kind: 'refused' as const }),
  fc.constant({ kind: 'lost-before' as const }),
  fc.record({ kind: fc.constant('lost-after' as const), cutMs: ms(30_000) }),
  fc.record({ kind: fc.constant('job' as const), cutMs: ms(600), fails: fc.boolean() }),
);

/** @param faults none: slow and uneven, but nothing breaks */
export function scenes(faults: 'none' | 'any'): fc.Arbitrary<Scene> {
  const any = faults === 'any';
  const disk = fc.record({
    array: fc.nat(3),
    unit: fc.nat(3),
    held: fc.boolean(),
    missed: any ? fc.constantFrom(false, false, false, true) : fc.constant(false),
  });
  const pace = fc.record({ latencyMs: ms(20), holdTakesMs: ms(200), releaseTakesMs: ms(700) });
  const guest = fc.record({
    optional: fc.constantFrom(false, false, false, true),
    after: fc.boolean(),
    gives: fc.constantFrom('filesystem' as const, 'application' as const),
    lends: fc.boolean(),
    disks: fc.array(disk, { minLength: 1, maxLength: 3 }),
    behaves: any ? fc.tuple(pace, guestFaults).map(([usual, fault]) => ({ ...usual, ...fault })) : pace,
  });
  const array = fc
    .tuple(
      fc.record({
        units: fc.integer({ min: 1, max: 3 }),
        cutMs: ms(300),
        answerMs: ms(200),
        fence: any
          ? fc.constantFrom(
              'none' as const,
              'none' as const,
              'good' as const,
              'slow' as const,
              'expires' as const,
              'refused' as const,
            )
          : fc.constantFrom('none' as const, 'good' as const),
        answers: fc.constantFrom('cut' as const, 'cut' as const, 'cut' as const, 'accepted' as const),
      }),
      any ? fc.option(fireFaults, { nil: undefined, freq: 3 }) : fc.constant(undefined),
    )
    .map(([usual, fault]) => (fault === undefined ? usual : { ...usual, fault }));
  return fc
    .tuple(
      fc.array(guest, { minLength: 1, maxLength: 4 }),
      fc.array(array, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(5_000, 8_000, 10_000),
      any ? fc.option(ms(1500), { nil: undefined, freq: 8 }) : fc.constant(undefined),
    )
    .map(([guests, arrays, windowMs, interruptAfterMs]) => ({
      guests,
      arrays,
      windowMs,
      ...(interruptAfterMs === undefined ? {} : { interruptAfterMs }),
    }));
}
