import type { SecretRef } from '../base/secret-ref.ts';
import type { ArrayId, DiskKind, Level, VmName } from '../model.ts';
import type { SshSettings } from '../transport/ssh/settings.ts';
import type { Trust } from '../transport/tls-settings.ts';

/**
 * The topology file as the rest of the program sees it: checked, defaults merged, aliases followed, `{ env }` in
 * ordinary strings filled in, paths absolute, durations in milliseconds. Secrets are still references. Maps keep the
 * order of the file.
 */
export interface Topology {
  /** Absolute. */
  readonly file: string;
  readonly vsphere: VsphereSettings;
  /** The state folder, where the file names one. */
  readonly state?: string;
  readonly arrays: ReadonlyMap<ArrayId, ArraySettings>;
  /** Empty: no check of where things lie. */
  readonly tiers: ReadonlyMap<string, TierSettings>;
  readonly volumes: readonly VolumeSettings[];
  readonly vms: ReadonlyMap<VmName, VmSettings>;
  readonly groups: ReadonlyMap<string, GroupSettings>;
}

/** What is absent comes from GOVC_URL, GOVC_USERNAME, GOVC_PASSWORD; with GOVC_URL, also GOVC_INSECURE. */
interface VsphereSettings {
  readonly url?: string;
  readonly username?: string;
  readonly password?: SecretRef;
  /** Absent: the system's CAs. */
  readonly tls?: Trust;
}

interface ArraySettings {
  readonly id: ArrayId;
  readonly driver: string;
  /** All keys but `driver`. The make's own schema accepts it: parse it with that to have it typed. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What `tiers.NAME.expect` may list. */
export type ExpectedKind = 'rdm' | 'vmfs' | 'nfs';

interface TierSettings {
  readonly name: string;
  readonly arrays: readonly ArrayId[];
  /** Empty: only groups the output. */
  readonly expect: readonly ExpectedKind[];
}

export function expectedKind(kind: DiskKind): ExpectedKind {
  return kind === 'rdm-physical' || kind === 'rdm-virtual' ? 'rdm' : kind;
}

/** What the file says about one device. */
export interface VolumeSettings {
  /** The array's own name of the volume. */
  readonly name: string;
  /** naa.…, eui.… in lower case, or an NFS export. */
  readonly device:
    | { readonly kind: 'lun'; readonly id: string }
    | { readonly kind: 'nfs'; readonly server: string; readonly path: string };
  /** The array that it lies on, where the array cannot be asked. */
  readonly array?: ArrayId;
  /** Which of two arrays that both claim it is to cut it. */
  readonly prefer?: ArrayId;
  /** Statements that are checked against vSphere. */
  readonly vmfs?: string;
  readonly rdm?: true;
}

export interface VmSettings {
  readonly name: VmName;
  /** What to ask vSphere for: the name, an inventory path, an instance UUID or a MoRef. */
  readonly wanted: string;
  /** Absent: no login. Always there when `quiesce` has a method other than `none`. */
  readonly ssh?: SshSettings<SecretRef>;
  /** Held in this order, released in the opposite one. Empty: the file does not say; nothing is held. */
  readonly quiesce: readonly QuiesceSettings[];
  /** The disk of `/`: `crash` may be cut without being held, `hold` demands it held. */
  readonly boot: 'crash' | 'hold';
  readonly exclude: readonly { readonly disk: string; readonly because: string }[];
  /** By disk address: what the guest or the array cannot tell. */
  readonly disks: ReadonlyMap<string, DiskSettings>;
  /** An encrypted VM is refused unless this says that it is accepted. */
  readonly encrypted: 'refused' | 'accepted';
  /** What else would be refused: a VM that runs on somebody's VMware snapshot. */
  readonly allow: readonly 'vmware-snapshot'[];
}

interface QuiesceSettings {
  readonly method: string;
  /** All keys but `method`. The method's own schema accepts it: parse it with that to have it typed. */
  readonly settings: Readonly<Record<string, unknown>>;
}

interface DiskSettings {
  /** The mount point that this disk lies under. */
  readonly mount?: string;
  /** `crash`: may be cut without being held. */
  readonly require?: 'crash';
}

export interface GroupSettings {
  readonly name: string;
  readonly members: readonly MemberSettings[];
  readonly windowMs: number;
  /** A window above 60 s is accepted. */
  readonly longWindow: boolean;
  /** Absent: the least that the group's methods give. `unproven`: take it whatever it proves; the set is still weak. */
  readonly require?: Level;
  readonly weak: 'keep' | 'remove';
  /** `status` says "too old" above this. */
  readonly maxAgeMs?: number;
  /** Absent: nothing is removed. */
  readonly keep?: { readonly last: number };
  /** `group`: one instant for all, or refused in the plan. Absent: what the methods give. */
  readonly instant?: 'group' | 'per-vm';
}

export interface MemberSettings {
  readonly vm: VmName;
  /** Held after these, released before them. */
  readonly after: readonly VmName[];
  /** The run goes on without it, and says so. */
  readonly optional: boolean;
}
