/**
 * The nouns. Reading this file, `ports.ts` and `snapshot.ts` is reading the design; docs/design.md has the words.
 * Times named `…Ms` are milliseconds; those of a record are stamps of the run's one monotonic clock.
 */

// ---- levels

/** What the record of a run proves, best first. `unproven` is never success, whatever was asked for. */
export const LEVELS = ['application', 'filesystem', 'crash', 'unproven'] as const;
export type Level = (typeof LEVELS)[number];

export function atLeast(level: Level, wanted: Level): boolean {
  return LEVELS.indexOf(level) <= LEVELS.indexOf(wanted);
}

export function weakest(levels: Iterable<Level>): Level {
  let worst: Level = 'application';
  for (const level of levels) if (!atLeast(level, worst)) worst = level;
  return worst;
}

export function best(levels: Iterable<Level>): Level {
  let top: Level = 'unproven';
  for (const level of levels) if (atLeast(level, top)) top = level;
  return top;
}

// ---- names

/** The key of an array in the topology. */
export type ArrayId = string;
/** The key of a VM in the topology. */
export type VmName = string;

declare const brand: unique symbol;
/**
 * What a disk really sits on, as vSphere names it: 'naa.600…', 'eui.…', 'nfs://server/export'; lower case. Made only by
 * `inventory/device.ts`.
 */
export type DeviceKey = string & { readonly [brand]: 'DeviceKey' };
/** What is written on an array: `sp` and 13 of `[a-z2-7]`. Made only by `catalog/names.ts`; one for all arrays of a run. */
export type CutLabel = string & { readonly [brand]: 'CutLabel' };
/** `GROUP-YYYYMMDDThhmmssZ-xxxx`, UTC. The same for a run and the set that it makes. */
export type SetId = string & { readonly [brand]: 'SetId' };

/** A disk as people name it: the VM and the address, `scsi0:1`. */
export interface DiskRef {
  readonly vm: VmName;
  readonly disk: string;
}

export function diskName(ref: DiskRef): string {
  return `${ref.vm} ${ref.disk}`;
}

// ---- findings

/** A place in a file: one-based line and column, and the line's text for the caret, without what may be a secret. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
  /** The column in `text`, where what is left out of it has moved it. */
  readonly caret?: number;
}

/** Something that a person should know. An `error` stops the plan. */
export interface Finding {
  /** Stable and dotted, for machines: 'topology.unknown-key'. */
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'note';
  /** What it is about: 'mail01 scsi0:1', 'array fast', 'group mail'. */
  readonly subject: string;
  /** What is true now. Names things; no trailing full stop. */
  readonly message: string;
  /** What to do. */
  readonly hint?: string;
  readonly at?: Place;
}

// ---- where the disks lie (vSphere's word)

export type DiskKind = 'vmfs' | 'nfs' | 'rdm-physical' | 'rdm-virtual';

export interface DiskPlacement {
  /** 'scsi0:1', 'nvme0:0', 'sata0:1', 'ide0:0': controller bus and unit. */
  readonly address: string;
  /** VirtualDevice.key: stable while the VM stays registered. */
  readonly key: number;
  readonly label: string;
  readonly kind: DiskKind;
  readonly sizeBytes: bigint;
  /** The backing's uuid: what the guest sees as the disk's serial when disk.EnableUUID is set. None on a physical RDM. */
  readonly uuid?: string;
  readonly diskMode?: string;
  readonly sharing: 'none' | 'multi-writer' | 'bus';
  /** '[datastore] dir/file.vmdk', the running file first, the base last; of an RDM: the mapping file(s). */
  readonly files: readonly string[];
  /** Where the guest's bytes lie: every extent of every datastore of the chain, or the RDM's LUN. */
  readonly data: readonly DeviceKey[];
  /** Needed to open the disk, written by ESXi and never by the guest: extents of an RDM's mapping file. */
  readonly metadata: readonly DeviceKey[];
}

export interface ForeignSnapshot {
  readonly name: string;
  readonly createdAt: string;
  readonly by?: string;
}

export interface VmPlacement {
  readonly vm: VmName;
  /** 'VirtualMachine:vm-12' */
  readonly ref: string;
  /** The inventory path, '/DC1/vm/Mail/mail01'. */
  readonly path: string;
  readonly instanceUuid: string;
  readonly biosUuid: string;
  readonly powerState: 'poweredOn' | 'poweredOff' | 'suspended';
  readonly guestFamily?: string;
  readonly host?: string;
  readonly changeVersion: string;
  /** The .vmx with its datastore: captured, not held. */
  readonly home: { readonly file: string; readonly devices: readonly DeviceKey[] };
  readonly disks: readonly DiskPlacement[];
  readonly snapshots: readonly ForeignSnapshot[];
  /** Its home or one of its disks, by VMware: what an array copies is of use only with the keys. */
  readonly encrypted: boolean;
}

export interface DatastorePlacement {
  readonly name: string;
  readonly ref: string;
  readonly kind: 'vmfs' | 'nfs';
  /** All extents, in order; one export. */
  readonly devices: readonly DeviceKey[];
  /** The same export by its servers' other names (NFS 4.1 has several): an array may know it by one of these. */
  readonly otherNames?: readonly DeviceKey[];
  /** Of its file system, VMFS only: a little less than its extents together. */
  readonly sizeBytes?: bigint;
  /** Every VM that vSphere knows on it, by name: for "also captured". */
  readonly vms: readonly string[];
}

/** What vSphere says about a group, at one moment. */
export interface Placement {
  readonly takenAt: string;
  /** Product and instance: 'VMware vCenter Server 8.0.3 (…uuid)'. */
  readonly source: string;
  readonly vms: readonly VmPlacement[];
  readonly datastores: readonly DatastorePlacement[];
  readonly findings: readonly Finding[];
}

// ---- where the LUNs are (the arrays' word)

export interface Volume {
  readonly array: ArrayId;
  /** The array's own, unchanging id. */
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: bigint;
  /** What a snapshot really copies: the volume itself, a FlexVol, a file system. */
  readonly container: string;
}

/** The volumes that one array cuts at one instant. */
export interface CutUnit {
  readonly array: ArrayId;
  /** Stable for the same volumes: locks and manifests carry it. */
  readonly id: string;
  readonly volumes: readonly Volume[];
  /** Names of what the unit copies besides: other volumes of a user's own group, of a pool. */
  readonly alsoCaptures: readonly string[];
}

/** A snapshot of ours on an array. */
export interface ArraySnapshot {
  readonly array: ArrayId;
  /** As its driver reads it: from a name, a group's suffix, a tag, a comment. */
  readonly label: CutLabel;
  /** The array's own id of the snapshot; with `source` and `label` it is the identity that `remove` checks. */
  readonly id: string;
  readonly name: string;
  /** The volume's id and name. */
  readonly source: { readonly id: string; readonly name: string };
  readonly sizeBytes?: bigint;
  /** The array's own clock, ISO 8601; absent where it tells none. */
  readonly createdAt?: string;
  /** It is listed, and of no use any more: why, to follow 'it'. Told only by makes that know. */
  readonly invalid?: string;
}

/**
 * A consistent point inside a VM's own disks that a run made: a VMware snapshot, a shadow copy, a database's backup mode.
 * With `vm`, `label` and `id` it is the identity that `remove` checks.
 */
export interface GuestSnapshot {
  readonly vm: VmName;
  /** Of the VM: what it is found by, also after it was registered anew. */
  readonly instanceUuid: string;
  /** The method that made it, and that can find and remove it. */
  readonly method: string;
  readonly label: CutLabel;
  /** Its own id where it lies: VMware's snapshot id. */
  readonly id: string;
  readonly name: string;
  /** By the clock of whoever keeps it, ISO 8601. */
  readonly createdAt: string;
}

// ---- what a guest says

/** A disk as the guest's kernel knows it. */
export interface GuestDisk {
  /** 'sdb', 'nvme0n1', 'loop3' */
  readonly name: string;
  readonly sizeBytes?: bigint;
  /** VPD 0x80 or the virtual disk's serial; hex without dashes, lower case. */
  readonly serial?: string;
  /** VPD 0x83 as 'naa.…' or 'eui.…', lower case. */
  readonly wwn?: string;
  /** SCSI address: the controller's PCI slot order and the target are what vSphere's bus and unit are compared with. */
  readonly scsi?: { readonly host: number; readonly target: number; readonly lun: number };
  /** PCI address of its controller, '0000:03:00.0': the order of these is the order of vSphere's controllers. */
  readonly pci?: string;
}

/** One use of local disks in the guest: a mount, a swap area, a raw device that somebody holds open. */
export interface GuestUse {
  /** '/srv/mail', 'swap on sdc2', 'zfs pool tank' */
  readonly what: string;
  readonly kind: 'mount' | 'swap' | 'raw';
  readonly fsType?: string;
  /** Names of the whole disks under it, through partitions, LVM, md, multipath, btrfs members. */
  readonly disks: readonly string[];
  /** Whether this method will hold it. */
  readonly held: boolean;
}

export interface ProbeReport {
  readonly method: string;
  /** What a kept hold gives in this guest: no better than its method, and less where the guest cannot prove as much. */
  readonly gives: Level;
  /** It stills no disk by itself, as its settings declare: its level is lent to what other stages of the guest still. */
  readonly lends?: true;
  readonly disks: readonly GuestDisk[];
  readonly uses: readonly GuestUse[];
  /** Only of a method that makes a point inside the disks: those that it would contain, by address. */
  readonly contains?: readonly string[];
  readonly findings: readonly Finding[];
  /** Who answered, so that the plan can tell whether it is this VM: DMI product uuid, lower case; absent where unreadable. */
  readonly biosUuid?: string;
  /** One line for `check`: 'python3 holder over sudo, / and /srv/mail can be frozen'. */
  readonly summary: string;
}

// ---- the plan

/** One disk of the group as the plan sees it. */
export interface PlannedDisk {
  readonly ref: DiskRef;
  readonly kind: DiskKind;
  readonly sizeBytes: bigint;
  readonly where: string;
  readonly data: readonly DeviceKey[];
  readonly volumes: readonly Volume[];
  /** Ids of the cut units that take its data. */
  readonly units: readonly string[];
  readonly tier?: string;
  /**
   * `held`: a hold covers it. `snapshot`: a guest snapshot contains it. `free`: nobody holds it, and the topology or the
   * method accepts that.
   */
  readonly cover: 'held' | 'snapshot' | 'free' | 'fenced';
  /** Why it may be free: 'boot disk', 'accepted in the topology', 'no hold for this VM'. */
  readonly because?: string;
  /** The disk of `/`: named apart wherever the level is printed. */
  readonly boot: boolean;
}

export interface PlannedStage {
  readonly method: string;
  readonly gives: Level;
  /** Disks that this stage stills. */
  readonly covers: readonly DiskRef[];
  readonly lends?: true;
  /** It holds nothing: it makes a guest snapshot that contains the disks it covers. Absent: it holds. */
  readonly makes?: 'snapshot';
  /** The guest's names of the disks whose writes are counted while it holds: of those it covers, what no later stage does. */
  readonly watches: readonly string[];
  /** What it holds, in the guest's words: mount points. */
  readonly holds: readonly string[];
}

export interface PlannedGuest {
  readonly vm: VmName;
  readonly ref: string;
  readonly instanceUuid: string;
  readonly optional: boolean;
  /** Held after these, released before them. */
  readonly after: readonly VmName[];
  readonly stages: readonly PlannedStage[];
  /** No better than this, whatever is held: `crash` for a VM that runs on somebody's VMware snapshot. */
  readonly atBest: Level;
  /** Left out of the image, by address, with the reason. */
  readonly excluded: readonly { readonly disk: string; readonly because: string }[];
}

/**
 * What the group's methods give, of the guest that gets least. An optional guest counts where it is held, because a
 * hold that gives less keeps the whole set down; one that nobody holds, only where there are no others.
 */
export function leastGiven(guests: readonly PlannedGuest[]): Level {
  const counted = guests.filter(({ optional, stages }) => !optional || stages.length > 0);
  return weakest(
    (counted.length > 0 ? counted : guests).map(({ stages }) =>
      best(['crash' as const, ...stages.map(({ gives }) => gives)]),
    ),
  );
}

export interface PlannedArray {
  readonly array: ArrayId;
  readonly make: string;
  readonly units: readonly CutUnit[];
  /** Raise its write hold, because it carries a disk that no guest holds. */
  readonly fence: boolean;
  readonly forecastMs: number;
  /** false: the array never says that the instant is past; with more than one unit nothing is proved. */
  readonly answersCut: boolean;
}

export interface Timing {
  /** The longest that any one guest is still. */
  readonly windowMs: number;
  /** Kept for releases: a fire is sent only if its forecast ends before windowMs − reserveMs. */
  readonly reserveMs: number;
  /** The budget of the releases themselves: nothing cancels it. */
  readonly releaseMs: number;
}

export interface Plan {
  readonly group: string;
  readonly require: Level;
  /** The best level that a run can reach. */
  readonly best: Level;
  /** `per-vm`: guest snapshots give each VM an instant of its own. Absent: all are at one instant. */
  readonly instant?: 'per-vm';
  readonly timing: Timing;
  readonly guests: readonly PlannedGuest[];
  readonly disks: readonly PlannedDisk[];
  readonly arrays: readonly PlannedArray[];
  /** VMs outside the group that lie on the same volumes. */
  readonly alsoCaptured: readonly string[];
  readonly placement: Placement;
  readonly findings: readonly Finding[];
}

// ---- the record of a window

/**
 * A guest's word at the release: `kept` proves that the hold stood until then, and that nobody wrote to its disks.
 * `written`: it stood until then, and somebody did.
 */
export type ReleaseKind = 'kept' | 'written' | 'expired' | 'unknown';

export interface HoldRecord {
  readonly vm: VmName;
  readonly stage: number;
  readonly method: string;
  readonly leaseMs: number;
  readonly sentAtMs: number;
  /** Absent: never confirmed. */
  readonly heldAtMs?: number;
  readonly gives: Level;
  readonly covers: readonly DiskRef[];
  readonly releaseSentAtMs?: number;
  readonly releasedAtMs?: number;
  readonly release?: ReleaseKind;
  /** Why it was not held, or not released in order. */
  readonly why?: string;
}

export interface FenceRecord {
  readonly array: ArrayId;
  readonly sentAtMs: number;
  /** Absent: never confirmed to be up. */
  readonly upAtMs?: number;
  readonly why?: string;
}

export interface FireRecord {
  readonly array: ArrayId;
  readonly unit: string;
  /** The fire was the commit of a raised fence. */
  readonly fenced: boolean;
  readonly sentAtMs: number;
  /** Absent: no answer inside the window. */
  readonly answeredAtMs?: number;
  readonly outcome: 'cut' | 'refused' | 'unknown';
  readonly why?: string;
}

/** A guest snapshot: begun before the window opened, on the same clock. */
export interface GuestSnapshotRecord {
  readonly vm: VmName;
  readonly stage: number;
  readonly method: string;
  readonly sentAtMs: number;
  /** From then on it stands. */
  readonly standsAtMs: number;
  /** As read back from whoever keeps it. */
  readonly gives: Level;
  readonly covers: readonly DiskRef[];
  /** Why it gives less than its method could. */
  readonly because?: string;
  readonly snapshot: GuestSnapshot;
}

/** All that happened between the first hold sent and the last release confirmed. The verdict reads nothing else. */
export interface WindowRecord {
  readonly startedAt: string;
  readonly openedAtMs: number;
  readonly closedAtMs: number;
  /** Absent: none. */
  readonly guestSnapshots?: readonly GuestSnapshotRecord[];
  readonly holds: readonly HoldRecord[];
  readonly fences: readonly FenceRecord[];
  readonly fires: readonly FireRecord[];
  /** What ended the window early, or was lost in it. Absent: all was fired, and nothing was lost on the way. */
  readonly stopped?: { readonly code: string; readonly message: string; readonly hint?: string };
}

// ---- what the record proves

export interface DiskVerdict {
  readonly ref: DiskRef;
  readonly level: Level;
  /** `guest`: a hold covers it; `fence`: its array held it; `snapshot`: a guest snapshot contains it; absent: it was free. */
  readonly stilledBy?: 'guest' | 'fence' | 'snapshot';
}

export interface VmVerdict {
  readonly vm: VmName;
  readonly level: Level;
  /** An optional VM that was not held: it does not count for the set. */
  readonly aside: boolean;
}

export interface Verdict {
  readonly level: Level;
  /** Free disks that the topology accepts, and their level: 'filesystem (boot disks: crash)'. */
  readonly except: readonly {
    readonly what: 'boot disks' | 'accepted disks';
    readonly level: Level;
    readonly disks: readonly DiskRef[];
  }[];
  readonly oneInstant: boolean;
  /** Each VM by itself is at one instant, and not all at the same. Absent: all are, if `oneInstant`. */
  readonly instant?: 'per-vm';
  readonly disks: readonly DiskVerdict[];
  readonly vms: readonly VmVerdict[];
  /** Sentences, most important first: what kept the level down. Empty for a full proof. */
  readonly because: readonly string[];
}

/** 'filesystem (boot disks: crash)': the level as it is printed everywhere. */
export function levelText(verdict: Pick<Verdict, 'level' | 'except'>): string {
  if (verdict.level === 'unproven' || verdict.except.length === 0) return verdict.level;
  return `${verdict.level} (${verdict.except.map((part) => `${part.what}: ${part.level}`).join(', ')})`;
}

// ---- what is kept

export type SetState = 'good' | 'weak' | 'failed';

/** The last, sealed form of a run that made a set. JSON on disk: bigint as decimal strings, times as ISO 8601. */
export interface Manifest {
  readonly v: 1;
  readonly id: SetId;
  readonly label: CutLabel;
  readonly group: string;
  readonly state: 'good' | 'weak';
  readonly takenAt: string;
  readonly finishedAt: string;
  readonly stillpoint: string;
  readonly note?: string;
  readonly key?: string;
  readonly windowMs: number;
  readonly plan: Plan;
  readonly window: WindowRecord;
  readonly verdict: Verdict;
  readonly snapshots: readonly ArraySnapshot[];
}
