import { nearest } from '../base/nearest.ts';
import type { Finding, VmName } from '../model.ts';
import type { Ref } from '../vsphere/element.ts';
import { finder, type NamedVm } from './names.ts';

export interface Selected {
  readonly vm: VmName;
  readonly named: NamedVm;
}

/** Which VM each topology name means. Not found and not unique are findings that list what there is. */
export function select(
  members: readonly { readonly vm: VmName; readonly wanted: string }[],
  vms: readonly NamedVm[],
  unreadable: number,
): { readonly selected: readonly Selected[]; readonly findings: readonly Finding[] } {
  const selected: Selected[] = [];
  const findings: Finding[] = [];
  const find = finder(vms);
  const taken = new Map<Ref, VmName>();
  for (const { vm, wanted } of members) {
    const found = find(wanted);
    const [only] = found;
    if (only === undefined) findings.push(notFound(vm, wanted, vms, unreadable));
    else if (found.length > 1) findings.push(ambiguous(vm, wanted, found));
    else {
      const twin = taken.get(only.ref);
      if (twin === undefined) {
        taken.set(only.ref, vm);
        selected.push({ vm, named: only });
      } else findings.push(named(vm, 'vsphere.vm-twice', `is the same VM as ${twin}: ${only.path}`, 'Keep one.'));
    }
  }
  return { selected, findings };
}

function notFound(vm: VmName, wanted: string, vms: readonly NamedVm[], unreadable: number): Finding {
  const path = wanted.startsWith('/');
  const meant = nearest(wanted, new Set(vms.map((candidate) => (path ? candidate.path : candidate.name))));
  const hidden = unreadable === 0 ? '' : `; ${unreadable} more have names that the login may not read`;
  const hint =
    meant !== undefined
      ? `Did you mean ${meant}?`
      : vms.length === 0
        ? 'The login sees no VM at all: give it the role Read-only, with "Propagate to children".'
        : 'Write its name, its path (/Datacenter/vm/Folder/name), its instance UUID or its MoRef as vm.';
  return named(vm, 'vsphere.vm-not-found', `vSphere knows no VM ${wanted} (${vms.length} looked at${hidden})`, hint);
}

const LISTED = 5;

function ambiguous(vm: VmName, wanted: string, found: readonly NamedVm[]): Finding {
  const listed = found.slice(0, LISTED).map((one) => `${one.path} (${one.instanceUuid || one.ref})`);
  const rest = found.length - listed.length;
  return named(
    vm,
    'vsphere.vm-ambiguous',
    `${found.length} VMs are called ${wanted}: ${listed.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`,
    `Say which: vms.${vm}.vm with a path or an instance UUID.`,
  );
}

function named(vm: VmName, code: string, message: string, hint: string): Finding {
  return { code, severity: 'error', subject: vm, message, hint };
}
