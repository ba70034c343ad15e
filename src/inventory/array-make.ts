import type { DeviceKey } from '../model.ts';

/** Who made the array that presents a device, by the vendor's number (OUI) at the beginning of its identifier. */
export interface ArrayMake {
  /** A key for a topology: 'pure'. */
  readonly id: string;
  /** 'Pure Storage FlashArray' */
  readonly name: string;
  /** What it can be spoken to with today: `command` is whatever its maker has for a shell. */
  readonly by: 'reflink' | 'zfs' | 'command';
}

/**
 * Prefixes as ESXi shows them. NAA type 6 is the digit 6, the OUI, and the vendor's own digits; where a maker has several
 * families the further digits tell them apart.
 */
const PREFIXES: readonly (readonly [prefix: string, id: string, name: string])[] = [
  ['naa.624a9370', 'pure', 'Pure Storage FlashArray'],
  ['naa.600a0980', 'ontap', 'NetApp ONTAP'],
  ['naa.60a98000', 'netapp', 'NetApp Data ONTAP'],
  ['naa.68ccf098', 'powerstore', 'Dell PowerStore'],
  ['naa.6006016', 'unity', 'Dell Unity or VNX'],
  ['naa.60000970', 'powermax', 'Dell PowerMax or VMAX'],
  ['naa.6000d31', 'compellent', 'Dell SC (Compellent)'],
  ['naa.60002ac', 'hpe3par', 'HPE Primera or 3PAR'],
  ['naa.600c0ff', 'msa', 'HPE MSA'],
  ['naa.6005076', 'svc', 'IBM FlashSystem or SVC'],
  ['naa.60060e8', 'hitachi', 'Hitachi VSP'],
  ['naa.6742b0f', 'infinibox', 'Infinidat InfiniBox'],
  ['naa.6589cfc', 'truenas', 'TrueNAS (ZFS)'],
  ['naa.6001405', 'lio', 'a Linux target (LIO), also Synology'],
];
/** ZFS has its own command line, whoever sells it; a Linux target mostly serves files. */
const BY: ReadonlyMap<string, ArrayMake['by']> = new Map([
  ['lio', 'reflink'],
  ['truenas', 'zfs'],
]);

export function arrayMakeOf(device: DeviceKey): ArrayMake {
  if (device.startsWith('nfs://')) return { id: 'filer', name: 'an NFS filer', by: 'command' };
  // HPE Nimble and its successors carry their OUI inside an EUI, behind a serial.
  if (/^eui\..*6c9ce9/.test(device)) return { id: 'nimble', name: 'HPE Nimble or Alletra', by: 'command' };
  const known = PREFIXES.find(([prefix]) => device.startsWith(prefix));
  if (known === undefined) return { id: 'array', name: 'an array of a make not told by its LUNs', by: 'command' };
  const [, id, name] = known;
  return { id, name, by: BY.get(id) ?? 'command' };
}
