import type { DiskPlacement, Finding, Placement, VmName, VmPlacement } from '../model.ts';
import { refused } from './finding.ts';

/**
 * What moved between two readings of one group. Compared: disks, where they hang, their files down to the base, their
 * LUNs, the extents under them. Not compared: the host (a compute-only vMotion moves no bytes), power, versions.
 *
 * @param bracketed VMs that we took a VMware snapshot of in between: deltas before their files are ours
 */
export function samePlacement(
  before: Placement,
  after: Placement,
  bracketed: ReadonlySet<VmName> = new Set(),
): readonly Finding[] {
  const vmsNow = new Map(after.vms.map((vm) => [vm.vm, vm]));
  return before.vms.flatMap((vm) => {
    const now = vmsNow.get(vm.vm);
    if (now === undefined) return [changed(vm.vm, 'vSphere does not show it any more')];
    if (now.ref !== vm.ref) return [changed(vm.vm, `was ${vm.ref}, is ${now.ref}`)];
    return [...homeChanges(vm, now), ...diskChanges(vm, now, bracketed.has(vm.vm))];
  });
}

function homeChanges(before: VmPlacement, now: VmPlacement): readonly Finding[] {
  const was = [before.home.file, ...before.home.devices];
  const is = [now.home.file, ...now.home.devices];
  return equal(was, is) ? [] : [changed(`${before.vm} home`, `lay at ${was.join(' on ')}, lies at ${is.join(' on ')}`)];
}

function diskChanges(before: VmPlacement, now: VmPlacement, bracketed: boolean): readonly Finding[] {
  const added = now.disks.filter((disk) => before.disks.every((was) => was.key !== disk.key));
  return [
    ...before.disks.flatMap((was) => {
      const is = now.disks.find((disk) => disk.key === was.key);
      const subject = `${before.vm} ${was.address}`;
      if (is === undefined) return [changed(subject, 'is no longer attached')];
      const what = difference(was, is, bracketed);
      return what === undefined ? [] : [changed(subject, what)];
    }),
    ...added.map((disk) => changed(`${before.vm} ${disk.address}`, 'was attached')),
  ];
}

function difference(was: DiskPlacement, is: DiskPlacement, bracketed: boolean): string | undefined {
  if (was.address !== is.address) return `hung at ${was.address}, hangs at ${is.address}`;
  if (was.kind !== is.kind) return `was ${was.kind}, is ${is.kind}`;
  const files = bracketed ? isTail(was.files, is.files) || isTail(is.files, was.files) : equal(was.files, is.files);
  if (!files) return `its files were ${was.files.join(' ← ')}, are ${is.files.join(' ← ')}`;
  const covered = bracketed
    ? isSubset(was.data, is.data) || isSubset(is.data, was.data)
    : equal(was.data, is.data) && equal(was.metadata, is.metadata);
  if (covered) return undefined;
  return `lay on ${[...was.data, ...was.metadata].join(', ')}, lies on ${[...is.data, ...is.metadata].join(', ')}`;
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index]);
}

function isTail(tail: readonly string[], of: readonly string[]): boolean {
  return tail.length <= of.length && equal(tail, of.slice(of.length - tail.length));
}

function isSubset(few: readonly string[], of: readonly string[]): boolean {
  return few.every((one) => of.includes(one));
}

function changed(subject: string, what: string): Finding {
  return refused(
    'placement-changed',
    subject,
    `between plan and release: ${what}`,
    'Something moved or changed it meanwhile; run again when that has ended.',
  );
}
