import {
  best,
  type CutUnit,
  type DiskRef,
  type DiskVerdict,
  diskName,
  type FireRecord,
  type HoldRecord,
  type Level,
  type Plan,
  type PlannedDisk,
  type Verdict,
  type VmName,
  type VmVerdict,
  type WindowRecord,
  weakest,
} from '../model.ts';

/** Where the disks were after the window, compared with before it. */
export type PlacementWord = 'same' | 'changed' | 'unread';

/**
 * What the record of a window proves. Pure; it reads nothing but what was planned and what was stamped by the run's own
 * clock, and knows nothing of what was found on the arrays later: an answer that came too late improves nothing.
 *
 * A disk is *still* when a guest's hold that covers it was confirmed before the first fire was sent and let go, kept,
 * after the last was answered, and none that covers it was written to; or when its array's fence was up before any fire
 * and its own commit succeeded after all unfenced fires were answered; or when a guest snapshot that contains it stood
 * before the first fire was sent, and stands unchanged (which the placement tells). A guest snapshot has an instant of
 * its own, and so has its VM. All is *one instant* when the disks that are not still lie in at most one cut unit (an
 * atomic cut of the rest, while everything else stands still, is an instant; two are not), every unit was answered
 * `cut`, and the placement is the same before and after.
 */
export function verdict(plan: Plan, window: WindowRecord, placement: PlacementWord): Verdict {
  const span = spanOf(window.fires);
  const disks = plan.disks.map((disk) => diskVerdict(disk, plan, window, span));
  const stilled = new Set(disks.filter((disk) => disk.stilledBy !== undefined).map(({ ref }) => diskName(ref)));
  const isStill = (disk: PlannedDisk): boolean => stilled.has(diskName(disk.ref));

  // A fence stills its disks, and quiesces nothing: an optional guest that was not held must not weaken the others for it.
  const isHeld = (disk: PlannedDisk): boolean =>
    ['guest', 'snapshot'].includes(disks[plan.disks.indexOf(disk)]?.stilledBy ?? '');
  const asides = new Set(
    plan.guests.filter((guest) => guest.optional && !judgedOf(guest.vm).every(isHeld)).map(({ vm }) => vm),
  );
  const members = plan.disks.filter((disk) => !asides.has(disk.ref.vm));

  const vms = plan.guests.map(({ vm, atBest }): VmVerdict => {
    const own = plan.disks.filter((disk) => disk.ref.vm === vm);
    const doubts = doubtsAbout(own);
    return { vm, level: doubts.length > 0 ? 'unproven' : weakest([levelOf(vm), atBest]), aside: asides.has(vm) };
  });
  const because = doubtsAbout(members);
  const oneInstant = because.length === 0;
  const ownInstant = new Set(disks.filter(({ stilledBy }) => stilledBy === 'snapshot').map(({ ref }) => ref.vm));
  const isPerVm = ownInstant.size > 0 && vms.filter(({ aside }) => !aside).length > 1;
  const counted = vms.filter(({ aside }) => !aside).map(({ level }) => level);
  const level = oneInstant && counted.length > 0 ? weakest(counted) : 'unproven';
  return {
    level,
    except: oneInstant ? exceptions(members) : [],
    oneInstant,
    ...(oneInstant && isPerVm ? { instant: 'per-vm' as const } : {}),
    // Held where it was planned to lie: what that is worth is not known of a disk that may lie elsewhere.
    disks: placement === 'same' ? disks : disks.map(({ ref }) => ({ ref, level: 'crash' })),
    vms,
    because: [...because, ...shortfalls()],
  };

  /** Why these disks cannot be said to be at one instant; empty if they are. */
  function doubtsAbout(own: readonly PlannedDisk[]): string[] {
    const doubts: string[] = [];
    const units = new Set(own.flatMap((disk) => disk.units));
    const free = new Set(own.filter((disk) => !isStill(disk)).flatMap((disk) => disk.units));
    if (units.size > 1) {
      const missing = unitsOf(plan).filter((unit) => units.has(unit.id) && !wasCut(unit.id, window.fires));
      for (const unit of missing)
        doubts.push(`array ${unit.array} did not say in time that it had taken its snapshot of ${names(unit)}`);
    }
    if (free.size > 1) {
      const loose = own.filter((disk) => !isStill(disk)).map((disk) => diskName(disk.ref));
      doubts.push(
        `no proved hold covers ${loose.join(', ')}, and ${free.size} snapshots took them: each has an instant of its own`,
      );
    }
    for (const vm of new Set(own.map(({ ref }) => ref.vm))) {
      const outside = outsideItsSnapshot(own.filter(({ ref }) => ref.vm === vm));
      if (outside.length > 0)
        doubts.push(`the guest snapshot of ${vm} does not contain ${outside.join(', ')}: they have another instant`);
    }
    if (placement === 'changed') doubts.push('the disks did not lie where they were planned');
    if (placement === 'unread') doubts.push('it could not be read again whether the disks stayed where they were');
    return doubts;
  }

  /** Of a VM that a guest snapshot makes consistent: its disks that are not in there. */
  function outsideItsSnapshot(own: readonly PlannedDisk[]): readonly string[] {
    const inside = own.filter((disk) => disks[plan.disks.indexOf(disk)]?.stilledBy === 'snapshot');
    return inside.length === 0 ? [] : own.filter((disk) => !inside.includes(disk)).map(({ ref }) => diskName(ref));
  }

  /** The disks that a VM's level is about: those that were to be held; of a VM with none such, all. */
  function judgedOf(vm: VmName): readonly PlannedDisk[] {
    const own = plan.disks.filter((disk) => disk.ref.vm === vm);
    const demanded = own.filter((disk) => !isAcceptedFree(disk));
    return demanded.length > 0 ? demanded : own;
  }

  function levelOf(vm: VmName): Level {
    return weakest(judgedOf(vm).map((disk) => disks[plan.disks.indexOf(disk)]?.level ?? 'unproven'));
  }

  /** Planned holds that did not do what they should: what a reader of a weak set wants to know first. */
  function shortfalls(): string[] {
    const less = (window.guestSnapshots ?? []).flatMap(({ vm, because }) =>
      because === undefined ? [] : [`guest ${vm}: ${because}`],
    );
    const holds = window.holds.flatMap((hold) => {
      if (hold.heldAtMs === undefined) return [`guest ${hold.vm} was not held by ${hold.method}${reasonOf(hold)}`];
      if (hold.release === 'kept') return [];
      if (hold.release === 'written')
        return [`guest ${hold.vm} was written to while it was held (${hold.method}${reasonOf(hold)})`];
      if (hold.release === 'expired') {
        const how = `${hold.method}${reasonOf(hold)}`;
        return [`guest ${hold.vm}: its hold is not proved to have lasted until its release (${how})`];
      }
      return [`guest ${hold.vm}: hold not confirmed at release (${hold.method})`];
    });
    return [...less, ...holds];
  }
}

function reasonOf({ why }: HoldRecord): string {
  return why === undefined ? '' : `: ${why}`;
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** F: from the first fire sent to the last one answered `cut`. None: no fire, or one without its answer. */
function spanOf(fires: readonly FireRecord[]): Span | undefined {
  if (fires.length === 0) return undefined;
  const ends = fires.map((fire) => (fire.outcome === 'cut' ? fire.answeredAtMs : undefined));
  if (ends.includes(undefined)) return undefined;
  return { fromMs: Math.min(...fires.map((fire) => fire.sentAtMs)), toMs: Math.max(...ends.map((end) => end ?? 0)) };
}

function diskVerdict(disk: PlannedDisk, plan: Plan, window: WindowRecord, span: Span | undefined): DiskVerdict {
  const free: DiskVerdict = { ref: disk.ref, level: 'crash' };
  if (span === undefined) return free;
  const own = window.holds.filter((hold) => hold.vm === disk.ref.vm);
  const held = own.filter((hold) => wasHeldThrough(hold, span));
  const covering = held.filter((hold) => covers(hold, disk.ref));
  // Who wrote, wrote whatever another stage of the same guest can say of the disk.
  const written = own.some((hold) => hold.release === 'written' && covers(hold, disk.ref));
  if (covering.length > 0 && !written) {
    // An application told to pause stills no disk by itself. A hold that merely turned out to cover none lends nothing.
    const stages = plan.guests.find(({ vm }) => vm === disk.ref.vm)?.stages;
    const lent = held.filter((hold) => stages?.[hold.stage]?.lends === true);
    return { ...free, level: best([...covering, ...lent].map(({ gives }) => gives)), stilledBy: 'guest' };
  }
  const point = window.guestSnapshots?.find(
    (one) => one.standsAtMs <= span.fromMs && one.covers.some((ref) => diskName(ref) === diskName(disk.ref)),
  );
  if (point !== undefined) return { ...free, level: point.gives, stilledBy: 'snapshot' };
  return isFenced(disk, plan, window.fires, window.fences) ? { ...free, stilledBy: 'fence' } : free;
}

function wasHeldThrough(hold: HoldRecord, span: Span): boolean {
  const { heldAtMs, releaseSentAtMs } = hold;
  if (heldAtMs === undefined || releaseSentAtMs === undefined) return false;
  return heldAtMs <= span.fromMs && releaseSentAtMs >= span.toMs && hold.release === 'kept';
}

function covers(hold: HoldRecord, ref: DiskRef): boolean {
  return hold.covers.some((covered) => covered.vm === ref.vm && covered.disk === ref.disk);
}

/** Every unit that takes a part of it was fenced before any fire, and committed, kept, after all unfenced ones were in. */
function isFenced(
  disk: PlannedDisk,
  plan: Plan,
  fires: readonly FireRecord[],
  fences: WindowRecord['fences'],
): boolean {
  const firstFire = Math.min(...fires.map((fire) => fire.sentAtMs));
  const lastUnfenced = Math.max(
    Number.NEGATIVE_INFINITY,
    ...fires.filter((fire) => !fire.fenced).map((fire) => fire.answeredAtMs ?? Number.POSITIVE_INFINITY),
  );
  const arrayOf = new Map(unitsOf(plan).map((unit) => [unit.id, unit.array]));
  return disk.units.every((unit) => {
    const fire = fires.find((candidate) => candidate.unit === unit);
    const upAtMs = fences.find((fence) => fence.array === arrayOf.get(unit))?.upAtMs;
    if (fire?.outcome !== 'cut' || !fire.fenced || upAtMs === undefined) return false;
    return upAtMs <= firstFire && fire.sentAtMs >= lastUnfenced;
  });
}

function wasCut(unit: string, fires: readonly FireRecord[]): boolean {
  return fires.some((fire) => fire.unit === unit && fire.outcome === 'cut' && fire.answeredAtMs !== undefined);
}

function isAcceptedFree(disk: PlannedDisk): boolean {
  return disk.cover !== 'held' && disk.because !== undefined;
}

function exceptions(members: readonly PlannedDisk[]): Verdict['except'] {
  // A VM that has nothing but free disks says so with its own level; it is no exception to it.
  const heldVms = new Set<VmName>(members.filter((disk) => !isAcceptedFree(disk)).map((disk) => disk.ref.vm));
  const free = members.filter((disk) => heldVms.has(disk.ref.vm) && isAcceptedFree(disk));
  const boot = free.filter((disk) => disk.boot).map((disk) => disk.ref);
  const other = free.filter((disk) => !disk.boot).map((disk) => disk.ref);
  const part = (what: 'boot disks' | 'accepted disks', refs: readonly DiskRef[]): Verdict['except'] =>
    refs.length === 0 ? [] : [{ what, level: 'crash', disks: refs }];
  return [...part('boot disks', boot), ...part('accepted disks', other)];
}

function unitsOf(plan: Plan): readonly CutUnit[] {
  return plan.arrays.flatMap((array) => array.units);
}

function names(unit: CutUnit): string {
  return unit.volumes.map(({ name }) => name).join(', ');
}
