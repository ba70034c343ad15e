import {
  type DiskPlacement,
  diskName,
  type Finding,
  type Placement,
  type PlannedDisk,
  type PlannedGuest,
} from '../model.ts';

/**
 * A disk that two VMs of the group write to stands still only if both are held: a copy of it is refused where one of
 * them excludes it, leaves it free, or may be left out of the run. That another VM outside the group shares it, vSphere's
 * own findings say.
 */
export function sharedFindings(
  placement: Placement,
  disks: readonly PlannedDisk[],
  guests: readonly PlannedGuest[],
): readonly Finding[] {
  const users = new Map<string, string[]>();
  for (const vm of placement.vms) {
    for (const disk of vm.disks) {
      const name = diskName({ vm: vm.vm, disk: disk.address });
      for (const key of keysOf(disk)) users.set(key, [...(users.get(key) ?? []), name]);
    }
  }
  const optional = new Set(guests.filter((guest) => guest.optional).map(({ vm }) => vm));
  const held = new Set(
    disks.filter(({ cover, ref }) => cover === 'held' && !optional.has(ref.vm)).map(({ ref }) => diskName(ref)),
  );
  return [...new Map([...users].map(([, names]) => [names.join(), names])).values()]
    .filter((names) => names.length > 1 && !names.every((name) => held.has(name)))
    .map((names): Finding => {
      const loose = names.filter((name) => !held.has(name));
      return {
        code: 'plan.shared-disk',
        severity: 'error',
        subject: names[0] ?? '',
        message: `it is the same disk as ${names.slice(1).join(', ')}, and ${loose.join(', ')} is not surely held: it could be written while the others stand still`,
        hint: 'Hold it in every VM that has it, none of them optional, or exclude it in all of them.',
      };
    });
}

/** What makes two disks the same: the LUN of a raw one, the base file of a virtual one that is opened by several. */
function keysOf(disk: DiskPlacement): readonly string[] {
  if (disk.kind === 'rdm-physical' || disk.kind === 'rdm-virtual') return disk.data;
  const base = disk.files.at(-1);
  // Linked clones share a base too, and only read it: there the sharing is not declared.
  return disk.sharing === 'none' || base === undefined ? [] : [base];
}
