/**
 * A small vSphere as one table. The vCenter of the demo serves it, and the tests write it as a model that vcsim, which
 * we did not write, serves: so both say the same, and what reads one reads the other.
 *
 * Names are as people type them ('Web/Köln'); whoever serves the table encodes `/` as `%2f`, as vSphere does.
 */
export interface WorldTable {
  readonly about: WorldAbout;
  readonly datacenter: string;
  readonly hosts: readonly WorldHost[];
  readonly luns: readonly WorldLun[];
  readonly datastores: readonly WorldDatastore[];
  readonly vms: readonly WorldVm[];
}

export interface WorldAbout {
  readonly product: 'vcenter' | 'esxi';
  /** '8.0.3' */
  readonly version: string;
  readonly build: string;
  /** '8.0.3.0' */
  readonly apiVersion: string;
  /** Lower case, with dashes. */
  readonly instanceUuid: string;
}

export interface WorldHost {
  /** The managed object's id: 'host-1'. */
  readonly id: string;
  readonly name: string;
  /** What it sees, by `naa`, and under which LUN number; hosts may differ in the number. */
  readonly luns: readonly { readonly naa: string; readonly number: number }[];
}

/** What an array presents. */
export interface WorldLun {
  /** 'naa.624a9370…', 'eui.…': the canonical name, lower case. */
  readonly naa: string;
  readonly sizeBytes: bigint;
  /** At most 8 characters: 'PURE'. */
  readonly vendor: string;
  /** At most 16 characters: 'FlashArray'. */
  readonly model: string;
}

export type WorldDatastore =
  | {
      readonly id: string;
      readonly kind: 'vmfs';
      readonly name: string;
      readonly hosts: readonly string[];
      readonly extents: readonly string[];
    }
  | {
      readonly id: string;
      readonly kind: 'nfs';
      readonly name: string;
      readonly hosts: readonly string[];
      /** The first is the remote host; NFS 4.1 may have several. */
      readonly servers: readonly string[];
      readonly path: string;
      readonly version: 3 | 4.1;
    }
  | {
      readonly id: string;
      readonly kind: 'vsan' | 'vvol' | 'pmem';
      readonly name: string;
      readonly hosts: readonly string[];
    };

export interface WorldVm {
  readonly id: string;
  readonly name: string;
  /** Folder names below the datacenter's VM folder, outermost first. */
  readonly folder: readonly string[];
  readonly host: string;
  /** '[VMFS-BOOT] mail01/mail01.vmx' */
  readonly vmx: string;
  readonly instanceUuid: string;
  readonly biosUuid: string;
  readonly powerState: 'poweredOn' | 'poweredOff' | 'suspended';
  readonly guestId: string;
  readonly guestFamily: 'linuxGuest' | 'windowsGuest' | 'otherGuestFamily';
  /** Opaque; changes whenever the configuration does. */
  readonly changeVersion: string;
  readonly disks: readonly WorldDisk[];
  /** Controllers that share their bus: { scsi1: 'physicalSharing' }. */
  readonly sharedBus?: Readonly<Record<string, 'virtualSharing' | 'physicalSharing'>>;
  readonly snapshots?: readonly WorldSnapshot[];
  readonly template?: boolean;
  readonly encrypted?: boolean;
  readonly consolidationNeeded?: boolean;
  /** The text of a question that waits for an answer. */
  readonly question?: string;
  /** The host cannot reach the VM's files: vSphere then answers no configuration at all. */
  readonly unreadable?: boolean;
}

export type WorldDisk = WorldFileDisk | WorldRawDisk;

interface WorldDiskAddress {
  /** 'scsi0:1', 'nvme0:0', 'sata0:1', 'ide0:0'. */
  readonly address: string;
  readonly sizeBytes: bigint;
  /** '[VMFS-BOOT] mail01/mail01.vmdk', the running file first, its base last; of a raw disk: the mapping file. */
  readonly files: readonly string[];
  readonly mode?: 'persistent' | 'independent_persistent' | 'independent_nonpersistent';
  readonly multiWriter?: boolean;
  /** With dashes, as vSphere prints it. A physical raw disk has none. */
  readonly uuid?: string;
}

interface WorldFileDisk extends WorldDiskAddress {
  readonly kind: 'file';
}

interface WorldRawDisk extends WorldDiskAddress {
  readonly kind: 'rdm-physical' | 'rdm-virtual';
  /** Which of the table's LUNs. */
  readonly naa: string;
}

/** A VMware snapshot that somebody took; the newest last. */
export interface WorldSnapshot {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  /** Quiesced by VMware Tools. */
  readonly quiesced: boolean;
}

/**
 * The uuid that vSphere gives a LUN: five bytes of header with the LUN's number, the identifier, and six characters of
 * the model (VMware KB 379673). A raw disk's `lunUuid` is this of the host it was made on; with `vml.` before it, it is a
 * device's other name.
 */
export function lunUuid(lun: WorldLun, number: number): string {
  const low = (number & 0xff).toString(16).padStart(2, '0');
  const high = (number >> 8).toString(16).padStart(2, '0');
  const model = Buffer.from(lun.model.slice(0, 6).padEnd(6, ' '), 'latin1').toString('hex');
  return `0200${low}${high}00${lun.naa.replace(/^(naa|eui)\./, '')}${model}`;
}
