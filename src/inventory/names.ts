import { asRef, type Ref, refId } from '../vsphere/element.ts';
import type { Found } from '../vsphere/properties.ts';
import { VM_NAME_PATHS } from '../vsphere/virtual-machine.ts';

/** What must be read everywhere to know every VM by all of its names. */
export const NAME_WANTED = [
  { type: 'VirtualMachine', paths: VM_NAME_PATHS },
  { type: 'Folder', paths: ['name', 'parent'] },
  { type: 'Datacenter', paths: ['name', 'parent'] },
  { type: 'VirtualApp', paths: ['name', 'parentFolder'] },
] as const;

export interface NamedVm {
  readonly ref: Ref;
  /** As people read it: 'Web/Köln'. */
  readonly name: string;
  /** '/DC1/vm/Mail/Web%2fKöln': `/` inside a name stays encoded, so that the path is unambiguous. */
  readonly path: string;
  readonly instanceUuid: string;
  readonly biosUuid: string;
}

export interface Names {
  receive(found: Found): void;
  /** In the order in which the server told them. */
  vms(): readonly NamedVm[];
  /** Its name, or its path where another VM has the same name. */
  nameOf(ref: Ref): string;
  /** VMs whose name the login may not read. */
  unreadable(): number;
}

/** Collects names as they stream by; a few dozen bytes an object is all that stays. */
export function collectNames(): Names {
  const folders = new Map<Ref, { readonly name: string; readonly parent: Ref | undefined }>();
  const vms = new Map<Ref, { name: string; parent: Ref | undefined; instanceUuid: string; biosUuid: string }>();
  const called = new Map<string, number>();
  let hidden = 0;

  const pathOf = (name: string, parent: Ref | undefined): string => {
    const parts = [name];
    // A folder above what the login may see has no entry: the path then begins where sight begins.
    for (let at = parent; at !== undefined && parts.length < 64; ) {
      const folder = folders.get(at);
      if (folder === undefined) break;
      parts.unshift(folder.name);
      at = folder.parent;
    }
    return `/${parts.join('/')}`;
  };

  return {
    receive({ ref, values }) {
      const name = values.get('name')?.text;
      const parent =
        asRef(values.get('parent')) ?? asRef(values.get('parentVApp')) ?? asRef(values.get('parentFolder'));
      if (!ref.startsWith('VirtualMachine:')) {
        if (name !== undefined) folders.set(ref, { name, parent });
        return;
      }
      if (name === undefined) {
        hidden += 1;
        return;
      }
      called.set(name, (called.get(name) ?? 0) + 1);
      const instanceUuid = values.get('config.instanceUuid')?.text.toLowerCase() ?? '';
      const biosUuid = values.get('config.uuid')?.text.toLowerCase() ?? '';
      vms.set(ref, { name, parent, instanceUuid, biosUuid });
    },
    vms: () =>
      [...vms].map(([ref, vm]) => ({
        ref,
        name: decodeName(vm.name),
        path: pathOf(vm.name, vm.parent),
        instanceUuid: vm.instanceUuid,
        biosUuid: vm.biosUuid,
      })),
    nameOf(ref) {
      const vm = vms.get(ref);
      if (vm === undefined) return ref;
      return called.get(vm.name) === 1 ? decodeName(vm.name) : pathOf(vm.name, vm.parent);
    },
    unreadable: () => hidden,
  };
}

/** vSphere writes the three characters that its paths need as %2f, %5c and %25. */
export function decodeName(name: string): string {
  return name.replace(/%(2f|5c|25)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** Finds all VMs that a word may mean: a name, a path, an instance UUID, a MoRef. A group may ask for thousands. */
export function finder(vms: readonly NamedVm[]): (wanted: string) => readonly NamedVm[] {
  const byWord = new Map<string, Set<NamedVm>>();
  const byUuid = new Map<string, Set<NamedVm>>();
  for (const vm of vms) {
    const path = vm.path.normalize('NFC');
    for (const word of [vm.name.normalize('NFC'), path, decodeName(path), vm.ref]) add(byWord, word, vm);
    if (/^vm-\d+$/.test(refId(vm.ref))) add(byWord, refId(vm.ref), vm);
    add(byUuid, vm.instanceUuid, vm);
  }
  return (wanted) => {
    const text = wanted.trim().normalize('NFC');
    return [...new Set([...(byWord.get(text) ?? []), ...(byUuid.get(text.toLowerCase()) ?? [])])];
  };
}

function add(to: Map<string, Set<NamedVm>>, word: string, vm: NamedVm): void {
  const known = to.get(word);
  if (known === undefined) to.set(word, new Set([vm]));
  else known.add(vm);
}
