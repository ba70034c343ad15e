import type { Finding, VmName } from '../model.ts';
import type { Ref } from '../vsphere/element.ts';
import type { VirtualDisk } from '../vsphere/virtual-disk.ts';
import { chainOf } from './disks.ts';
import { doubtful, refused } from './finding.ts';
import { parseLunUuid } from './lun-uuid.ts';

/** A disk of a group's VM that another VM may write to at the same time. */
export interface SharedDisk {
  readonly vm: VmName;
  readonly ref: Ref;
  readonly address: string;
  readonly how: 'multi-writer' | 'bus';
  readonly disk: VirtualDisk;
}

/** Finds, in one stream over all VMs, who else has the files or LUNs of these disks. */
export function partnersOf(shared: readonly SharedDisk[]): {
  see(vm: Ref, disks: readonly VirtualDisk[]): void;
  findings(nameOf: (vm: Ref) => string, group: ReadonlyMap<Ref, VmName>): readonly Finding[];
} {
  const byIdentity = new Map<string, SharedDisk[]>();
  for (const one of shared) {
    for (const identity of identities(one.disk)) {
      byIdentity.set(identity, [...(byIdentity.get(identity) ?? []), one]);
    }
  }
  const partners = new Map<SharedDisk, Set<Ref>>(shared.map((one) => [one, new Set()]));
  return {
    see(vm, disks) {
      for (const disk of disks) {
        for (const identity of identities(disk)) {
          for (const one of byIdentity.get(identity) ?? []) if (one.ref !== vm) partners.get(one)?.add(vm);
        }
      }
    },
    findings: (nameOf, group) =>
      shared.flatMap((one) => findingsOf(one, [...(partners.get(one) ?? [])], nameOf, group)),
  };
}

/** Files of the chain, and the LUN: two mappings of one LUN are different files. */
function identities(disk: VirtualDisk): readonly string[] {
  return chainOf(disk.backing).flatMap((link) => {
    const lun = link.lunUuid === undefined ? undefined : parseLunUuid(link.lunUuid);
    return [
      ...(link.file === undefined ? [] : [`file ${link.datastore ?? ''} ${link.file}`]),
      ...(lun === undefined ? [] : [lun.kind === 'naa' ? `lun ${lun.naa}` : `lun ${link.lunUuid}`]),
    ];
  });
}

function findingsOf(
  one: SharedDisk,
  partners: readonly Ref[],
  nameOf: (vm: Ref) => string,
  group: ReadonlyMap<Ref, VmName>,
): readonly Finding[] {
  const subject = `${one.vm} ${one.address}`;
  const how = one.how === 'bus' ? 'its controller shares its bus' : 'it is multi-writer';
  if (partners.length === 0) {
    const message = `${how}, but no other VM here has it`;
    const hint = 'Make sure that no VM of another vCenter writes to it: that one would not be held.';
    return [doubtful('shared-alone', subject, message, hint)];
  }
  const outside = partners.filter((partner) => !group.has(partner)).map(nameOf);
  if (outside.length === 0) return [];
  const names = [...new Set(outside)].sort().join(', ');
  return [
    refused(
      'shared-disk',
      subject,
      `${how}, and it is shared with ${names}, which is not in the group`,
      `Add ${names} to the group, or exclude the disk.`,
    ),
  ];
}
