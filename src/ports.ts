/**
 * The contracts. What stands behind each of them passes the suite of the same name under test/contract.
 * No call rejects with anything but a Fault for a reason that it knows; each obeys its deadline's signal.
 */
import type { Deadline } from './base/deadline.ts';
import type { Fault } from './base/fault.ts';
import type {
  ArrayId,
  ArraySnapshot,
  CutLabel,
  CutUnit,
  DeviceKey,
  DiskRef,
  Finding,
  GuestSnapshot,
  Level,
  ProbeReport,
  ReleaseKind,
  SetState,
  VmName,
  Volume,
} from './model.ts';

// ---- arrays

export type Fired =
  /** The array says that the instant is behind us. */
  | { readonly kind: 'cut'; readonly unit: CutUnit }
  /** Certainly not taken, and will not be. */
  | { readonly kind: 'refused'; readonly unit: CutUnit; readonly why: Fault }
  /** May exist, may still appear. */
  | { readonly kind: 'unknown'; readonly unit: CutUnit; readonly why: Fault };

/** An array's own hold on writes, with an expiry. Raised, `fire` is its commit, and `cut` its word that it stood. */
export interface Fence {
  readonly leaseMs: { readonly min: number; readonly max: number };
  raise(leaseMs: number, deadline: Deadline): Promise<void>;
  /** Without a cut; callable in every state. */
  drop(deadline: Deadline): Promise<void>;
}

/** Everything that could be done before the window is done; `fire` is one request a unit. */
export interface ArmedCut {
  readonly units: readonly CutUnit[];
  readonly fence?: Fence;
  /** Session warm, same members, preparation still stands. Says how long a fire will take at the most, in ms. */
  recheck(deadline: Deadline): Promise<{ readonly forecastMs: number }>;
  /** All units at once; never rejects, never repeats. Polling a job is part of it. One answer a unit, in their order. */
  fire(deadline: Deadline): Promise<readonly Fired[]>;
  /**
   * Looks, by label, at what there is now. `settled` false: something may still appear (an outcome is unknown, and less
   * than the array's `lateMs` has passed since it was sent).
   */
  collect(deadline: Deadline): Promise<{ readonly taken: readonly ArraySnapshot[]; readonly settled: boolean }>;
}

/** Facts of a make, as data: plan, docs and `check` read them. */
export interface ArrayTraits {
  /** 'btrfs', 'reflink', 'command', … */
  readonly make: string;
  /** Requests at once. */
  readonly parallel: number;
  /** Volumes that one cut unit can hold; 1: every volume is an instant of its own. */
  readonly maxGroup: number;
  /** How long after a lost answer the array may still execute the request. */
  readonly lateMs: number;
  /** `arm` makes something there, which a process that has died cannot have taken away: `disarm` is called once more. */
  readonly prepares?: true;
  /** `cut`: its answer says that the instant is past. `accepted`: it does not; never better than unproven with two units. */
  readonly answers: 'cut' | 'accepted';
  /** It can hold writes back by itself: an armed cut has a `fence`. */
  readonly fences?: true;
  /** What a snapshot's listing tells: a missing one lowers what can be verified later. */
  readonly tells: { readonly id: boolean; readonly time: boolean };
  /** A fire takes no longer than this, as a rule, before it has been measured. */
  readonly forecastMs: number;
}

export interface ArrayDriver {
  readonly id: ArrayId;
  readonly traits: ArrayTraits;
  /** Reaches it, logs in, looks at privileges, versions and capacity. Changes nothing. */
  check(deadline: Deadline): Promise<readonly Finding[]>;
  /** Which of these are yours? Absent from the answer: not this array's. */
  locate(devices: readonly DeviceKey[], deadline: Deadline): Promise<ReadonlyMap<DeviceKey, Volume>>;
  /** How these would be cut: what lies in one unit is cut at one instant. Changes nothing; the plan reads it. */
  group(volumes: readonly Volume[], deadline: Deadline): Promise<readonly CutUnit[]>;
  /** Log in, look up, build the group, prepare. Takes no snapshot: afterwards `find` sees nothing new. */
  arm(units: readonly CutUnit[], label: CutLabel, deadline: Deadline): Promise<ArmedCut>;
  /** Takes away what `arm` made, by label, from the array's truth: also after our crash, from a fresh driver. */
  disarm(label: CutLabel, deadline: Deadline): Promise<readonly Finding[]>;
  find(label: CutLabel, deadline: Deadline): Promise<readonly ArraySnapshot[]>;
  /** Every snapshot whose name has our form, whoever's journal it is in. */
  findAll(deadline: Deadline): Promise<readonly ArraySnapshot[]>;
  /**
   * Checks label, source and the array's own id, then removes. Removing what is not there succeeds. Where the array took
   * several volumes as one object, the first of its snapshots takes the object, which carries the label as a whole.
   */
  remove(snapshot: ArraySnapshot, deadline: Deadline): Promise<void>;
  /**
   * Shows what is in a snapshot, after checking as `remove` does that it is the one meant. Nothing of it can be changed
   * that way, and `find` sees nothing new. A rejection leaves nothing behind. Absent: a make that can show nothing.
   */
  expose?(snapshot: ArraySnapshot, deadline: Deadline): Promise<Exposed>;
  close(): Promise<void>;
}

/** A snapshot's bytes where they can be looked at. */
export interface Exposed {
  /** The machine that sees them. The driver's own: whoever looks does not close it. */
  readonly shell: Shell;
  /** There: a file or a block device that holds the volume from its first byte to its last. Only for reading. */
  readonly image: string;
  /** Takes away whatever exposing made; callable twice. */
  withdraw(deadline: Deadline): Promise<void>;
}

// ---- a place where commands run

export interface CommandResult {
  /** Exit code; null: ended by a signal, or the line went away. */
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running far-end program, spoken to in lines. Its end is known by `ended`; losing the line is an end. */
export interface Dialogue {
  /** Writes one line; never throws: a line that is gone shows in `ended`. */
  send(line: string): void;
  /** Raw bytes, before the first line: how a program is sent over the channel. */
  write(bytes: string): void;
  /** Calls back for every whole line from now on; lines longer than 64 KiB end the dialogue. */
  onLine(receive: (line: string) => void): void;
  /** Resolves when nothing more will come; `why` says what is known. Never rejects. */
  readonly ended: Promise<{ readonly exit: number | null; readonly stderr: string; readonly why: string }>;
  /** End of input, then close. */
  end(): void;
}

/** This machine, or the far end of an SSH connection. argv in, never a command line: quoting is the shell's own matter. */
export interface Shell {
  /** 'mail01.corp.example', 'this machine': for messages. */
  readonly where: string;
  /** Rejects with a Fault when the command could not be started or the deadline passed; a non-zero exit is an answer. */
  run(
    argv: readonly string[],
    options: { readonly stdin?: string; readonly deadline: Deadline },
  ): Promise<CommandResult>;
  start(argv: readonly string[], deadline: Deadline): Promise<Dialogue>;
  close(): Promise<void>;
}

// ---- guests

/** What a method needs to know of a guest. */
export interface Guest {
  readonly vm: VmName;
  /** The guest's shell, opened once and shared by its stages; rejects with a Fault that names the remedy. */
  connect(deadline: Deadline): Promise<Shell>;
  /** Disks by mount point, where the topology says it: `disks: { "scsi0:1": /srv/mail }`. */
  readonly told: ReadonlyMap<string, DiskRef>;
  /** The topology has no login: `connect` always rejects. */
  readonly loginless?: true;
}

/** What to hold still: made by the plan from the probe. */
export interface HoldOrder {
  /** Who holds: the run's id, the user and host, for a second comer's message. */
  readonly owner: string;
  /** Which disks are still when this stage holds (whole disks only). */
  readonly covers: readonly DiskRef[];
  /** What the hold is planned to give: what the probe of this guest said. */
  readonly gives: Level;
  /** The guest's names of the disks whose writes are counted while it holds; the freeze of no later stage writes to them. */
  readonly watches: readonly string[];
  /** No hold of this run lasts longer. */
  readonly maxLeaseMs: number;
}

export interface Held {
  readonly gives: Level;
  readonly covers: readonly DiskRef[];
}

/** `none`: no array was asked to take one. `unknown`: not all of them said that they took theirs. */
export type CutOutcome = 'taken' | 'none' | 'unknown';

export interface Release {
  readonly kind: ReleaseKind;
  readonly why?: string;
}

/** One way to keep a guest still; its settings were given when it was made. */
export interface Quiescer {
  readonly method: string;
  /** The best level that a kept hold can give to a disk that it stills; what it gives in one guest, its probe says. */
  readonly gives: Level;
  /** How long after the end of its lease a hold can last at the most, in words, for the plan: 'lease + 1 s'. */
  readonly bound: string;
  /** Looks at the guest: what it would hold, what it would not. Freezes nothing, leaves nothing behind. */
  probe(guest: Guest, deadline: Deadline): Promise<ProbeReport>;
  /** Outside the window: everything up to the word. */
  open(guest: Guest, order: HoldOrder, deadline: Deadline): Promise<GuestChannel>;
  /**
   * Asks a guest whose release was not confirmed what this method may still hold there: mount points, or a name for it.
   * Empty: nothing is held. Changes nothing.
   *
   * @throws Fault where the guest cannot be asked, or this method has no way to tell
   */
  isHeld(guest: Guest, deadline: Deadline): Promise<readonly string[]>;
  /** What to type in the guest to release these by hand, one command line each. */
  remedy(held: readonly string[]): readonly string[];
}

export interface GuestChannel {
  /** Aborts when the line is lost; absent where there is no live line. */
  readonly lost?: AbortSignal;
  /** Flushes what is dirty, so that the freeze is short. Outside the window. */
  flush(deadline: Deadline): Promise<void>;
  /** Warm, same mounts, still able: asked right before the window. */
  recheck(deadline: Deadline): Promise<void>;
  /**
   * Holds. Resolves only when all that it covers is still and the line has been shown to carry words in both
   * directions since. The lease counts in the guest from before its first freeze; when it ends, the guest lets go by
   * itself.
   */
  hold(leaseMs: number, deadline: Deadline): Promise<Held>;
  /**
   * Lets go. Callable in every state, also after a hold that failed or timed out (it may have frozen), and twice.
   * Never rejects. `kept` only if all that was held was still held until this word arrived, and nobody wrote meanwhile
   * to a disk that it was to watch.
   *
   * @param cut what became of the snapshots, for applications that must be told
   */
  release(cut: CutOutcome, deadline: Deadline): Promise<Release>;
  /** Ends the line and takes away everything that `open` made. Never rejects. */
  close(): Promise<void>;
}

// ---- consistent points inside a VM's disks

/** What to make, and for whom. */
export interface PointOrder {
  /** What it is found by when everything else is lost. */
  readonly label: CutLabel;
  /** The run's id, for whoever finds it. */
  readonly run: string;
  readonly instanceUuid: string;
  /** The disks that it is to contain. */
  readonly covers: readonly DiskRef[];
}

/** A point that was begun, and stands until it is concluded. */
export interface Begun {
  /** What it is worth, as read back from whoever made it; a request to quiesce is no proof. */
  readonly gives: Level;
  /** Why it gives less than its method could; absent: it does not. */
  readonly because?: string;
  readonly snapshot: GuestSnapshot;
}

/**
 * One way to make a consistent point *inside* a VM's own disks: begun before the window, so that every array snapshot
 * contains it, and concluded after the verdict. It quiesces the guest for a moment of its own and lets it go on. It
 * holds nothing, so it never counts as a hold, and each VM has an instant of its own.
 */
export interface Snapshotter {
  readonly method: string;
  /** The best level that a point of it can have. */
  readonly gives: Level;
  /** What is left when everything dies, in words, for the plan. */
  readonly bound: string;
  /** Looks whether it could; makes nothing. `contains` of its report says which disks a point would contain. */
  probe(guest: Guest, deadline: Deadline): Promise<ProbeReport>;
  /**
   * Makes the point. Outside the window. A rejection, or a lost answer, may have made it all the same: `find` tells.
   *
   * @throws Fault which names the guest, what refused, and the remedy
   */
  begin(guest: Guest, order: PointOrder, deadline: Deadline): Promise<Begun>;
  /**
   * What stands of this label, from the truth of whoever keeps it: also after our crash.
   *
   * @throws Fault also while one may still come: an answer was lost, and its task goes on
   */
  find(vm: VmIdentity, label: CutLabel, deadline: Deadline): Promise<readonly GuestSnapshot[]>;
  /** Checks label, id and VM, then removes. Removing what is not there succeeds. */
  remove(snapshot: GuestSnapshot, deadline: Deadline): Promise<void>;
}

/** What a VM is found by, whatever it is called by now. */
export interface VmIdentity {
  readonly vm: VmName;
  readonly instanceUuid: string;
}

// ---- what happens, as it happens

/** Everything that a run tells. Core emits; only `ui/` prints. */
export type RunEvent =
  | { readonly type: 'run'; readonly run: string; readonly group: string; readonly label: string }
  | { readonly type: 'step'; readonly step: RunStep; readonly detail?: string }
  | { readonly type: 'finding'; readonly finding: Finding }
  | {
      readonly type: 'guest';
      readonly vm: VmName;
      readonly stage: number;
      readonly is:
        | 'opened'
        | 'snapshotting'
        | 'snapshotted'
        | 'flushed'
        | 'holding'
        | 'held'
        | 'not-held'
        | 'releasing'
        | 'released';
      readonly atMs: number;
      readonly release?: ReleaseKind;
      readonly why?: string;
    }
  | {
      readonly type: 'array';
      readonly array: ArrayId;
      readonly is: 'armed' | 'fence-raised' | 'firing' | 'cut' | 'refused' | 'unknown' | 'collected' | 'removed';
      readonly atMs: number;
      readonly tookMs?: number;
      readonly why?: string;
    }
  /** These guests have not confirmed their release: told when the window is over, and by whoever asks them later. */
  | {
      readonly type: 'may-be-held';
      readonly vms: readonly VmName[];
      readonly message: string;
      readonly hint?: string;
    }
  | { readonly type: 'window'; readonly is: 'opened' | 'closed'; readonly atMs: number; readonly lastsMs?: number }
  /** Told once it has lasted, again as it goes on, and when it is over. */
  | { readonly type: 'waiting'; readonly for: string; readonly forMs: number; readonly over: boolean }
  /** `waiting`: of a second signal, what is still waited for, and for how much longer at the most. */
  | {
      readonly type: 'interrupted';
      readonly signal: string;
      readonly secondsLeft?: number;
      readonly waiting?: readonly { readonly for: string; readonly forMs: number; readonly leftMs: number }[];
    }
  | { readonly type: 'outcome'; readonly state: SetState; readonly exit: number; readonly line: string };

export type RunStep =
  | 'resolve'
  | 'plan'
  | 'lock'
  | 'arm'
  | 'open'
  | 'guest-snapshots'
  | 'guest-snapshots-removed'
  | 'flush'
  | 'recheck'
  | 'window'
  | 'collect'
  | 'verify-placement'
  | 'seal'
  | 'retention'
  | 'clean-up';

/** `at`: when it happened, where that is not now: events of the window are told after it has closed. */
export type Emit = (event: RunEvent, at?: Date) => void;

// ---- vSphere, as the main path sees it

/** Reads where the disks of these VMs lie. Two readings of an unchanged world are equal in all but `takenAt`. */
export interface PlacementReader {
  read(
    vms: readonly { readonly vm: VmName; readonly wanted: string }[],
    deadline: Deadline,
  ): Promise<import('./model.ts').Placement>;
  /**
   * Tasks of kind relocate, clone, snapshot, consolidate on these VMs that ran, began or ended since then.
   *
   * @param sinceMs by the clock that goes on whatever the date is set to
   */
  disturbances(refs: readonly string[], sinceMs: number, deadline: Deadline): Promise<readonly Finding[]>;
}
