import { defined } from '../base/defined.ts';
import { asRef, child, children, flag, items, type Ref, refs, text } from './element.ts';
import type { Found } from './properties.ts';
import { type Controller, controllers, type VirtualDisk, virtualDisks } from './virtual-disk.ts';
import type { Element } from './xml.ts';

/** Enough to find a VM by any of its names; asked of all of them. */
export const VM_NAME_PATHS = ['name', 'parent', 'parentVApp', 'config.instanceUuid', 'config.uuid'] as const;

/** What a plan stands on; asked only of a group's VMs, because devices are most of an inventory's bytes. */
export const VM_PATHS = [
  'name',
  'config.template',
  'config.uuid',
  'config.instanceUuid',
  'config.changeVersion',
  'config.guestId',
  'config.files.vmPathName',
  'config.hardware.device',
  'config.keyId',
  'datastore',
  'snapshot',
  'runtime.powerState',
  'runtime.connectionState',
  'runtime.host',
  'runtime.consolidationNeeded',
  'runtime.question',
  'runtime.faultToleranceState',
  'guest.guestFamily',
  'recentTask',
] as const;

type PowerState = 'poweredOn' | 'poweredOff' | 'suspended';

export interface VirtualMachine {
  readonly ref: Ref;
  /** Absent: the host cannot reach the VM's files, and vSphere tells no configuration at all. */
  readonly config?: VmConfig;
  readonly powerState: PowerState;
  /** 'connected', 'disconnected', 'orphaned', 'inaccessible', 'invalid' */
  readonly connectionState: string;
  readonly host?: Ref;
  readonly datastores: readonly Ref[];
  /** Oldest first, each before its children. */
  readonly snapshots: readonly VmSnapshot[];
  readonly consolidationNeeded: boolean;
  /** The text of a question that waits for an answer. */
  readonly question?: string;
  /** 'notConfigured', 'running', … */
  readonly faultTolerance: string;
  /** What VMware Tools say: 'linuxGuest'. */
  readonly guestFamily?: string;
  readonly recentTasks: readonly Ref[];
}

export interface VmConfig {
  readonly template: boolean;
  readonly biosUuid: string;
  readonly instanceUuid: string;
  /** Opaque; compare for equality only. */
  readonly changeVersion: string;
  readonly guestId: string;
  /** '[datastore] dir/name.vmx' */
  readonly vmx: string;
  /** Its home is encrypted, or it has a virtual TPM, which implies that. */
  readonly encrypted: boolean;
  readonly controllers: readonly Controller[];
  readonly disks: readonly VirtualDisk[];
}

export interface VmSnapshot {
  readonly ref: Ref;
  readonly name: string;
  readonly description: string;
  /** ISO 8601, as the server writes it. */
  readonly createdAt: string;
  readonly quiesced: boolean;
}

export function virtualMachine({ ref: self, values }: Found): VirtualMachine {
  const host = asRef(values.get('runtime.host'));
  const question = text(values.get('runtime.question'), 'text');
  const guestFamily = values.get('guest.guestFamily')?.text;
  const config = configOf(values);
  return {
    ref: self,
    ...defined({ config }),
    powerState: powerState(values.get('runtime.powerState')?.text),
    connectionState: values.get('runtime.connectionState')?.text ?? 'connected',
    ...defined({ host }),
    datastores: refs(values.get('datastore')),
    snapshots: children(values.get('snapshot'), 'rootSnapshotList').flatMap(snapshotTree),
    consolidationNeeded: values.get('runtime.consolidationNeeded')?.text === 'true',
    ...defined({ question }),
    faultTolerance: values.get('runtime.faultToleranceState')?.text ?? 'notConfigured',
    ...(guestFamily === undefined || guestFamily === '' ? {} : { guestFamily }),
    recentTasks: refs(values.get('recentTask')),
  };
}

function powerState(value: string | undefined): PowerState {
  return value === 'poweredOn' || value === 'suspended' ? value : 'poweredOff';
}

function configOf(values: ReadonlyMap<string, Element>): VmConfig | undefined {
  const devices = values.get('config.hardware.device');
  const vmx = values.get('config.files.vmPathName')?.text;
  if (devices === undefined || vmx === undefined) return undefined;
  return {
    template: values.get('config.template')?.text === 'true',
    biosUuid: values.get('config.uuid')?.text.toLowerCase() ?? '',
    instanceUuid: values.get('config.instanceUuid')?.text.toLowerCase() ?? '',
    changeVersion: values.get('config.changeVersion')?.text ?? '',
    guestId: values.get('config.guestId')?.text ?? '',
    vmx,
    encrypted: values.has('config.keyId') || items(devices).some((device) => device.xsiType === 'VirtualTPM'),
    controllers: controllers(devices),
    disks: virtualDisks(devices),
  };
}

function snapshotTree(node: Element): readonly VmSnapshot[] {
  const self = asRef(child(node, 'snapshot'));
  const below = children(node, 'childSnapshotList').flatMap(snapshotTree);
  if (self === undefined) return below;
  const snapshot: VmSnapshot = {
    ref: self,
    name: text(node, 'name') ?? '',
    description: text(node, 'description') ?? '',
    createdAt: text(node, 'createTime') ?? '',
    quiesced: flag(node, 'quiesced'),
  };
  return [snapshot, ...below];
}
