import type { Deadline } from '../../base/deadline.ts';
import type { Vsphere } from '../../vsphere/client.ts';
import { integer, items, type Ref } from '../../vsphere/element.ts';
import { type Found, insistOnAll, readThese } from '../../vsphere/properties.ts';
import { type Controller, controllers } from '../../vsphere/virtual-disk.ts';

/** What decides whether VMware Tools can quiesce a VM, besides where its disks lie. */
export interface VmwareFacts {
  /** 'guestToolsRunning', 'guestToolsNotRunning', 'guestToolsExecutingScripts' */
  readonly tools: string;
  /** As VMware counts: 1024 × major + 32 × minor + patch; 10272 is 10.1.0. Absent: Tools tell none. */
  readonly toolsVersion?: number;
  /** By what Tools say, or else by what the VM was made for. */
  readonly guest: 'windows' | 'other';
  /** disk.EnableUUID, which VSS needs. */
  readonly diskUuids: boolean;
  /** 'notConfigured', 'running', … */
  readonly faultTolerance: string;
  readonly consolidationNeeded: boolean;
  /** Each with the number of disks and other devices on it. */
  readonly controllers: readonly (Controller & { readonly devices: number })[];
}

const PATHS = [
  'guest.toolsRunningStatus',
  'guest.guestFamily',
  'config.guestId',
  'config.tools.toolsVersion',
  'config.flags.diskUuidEnabled',
  'config.hardware.device',
  'runtime.faultToleranceState',
  'runtime.consolidationNeeded',
] as const;

export async function readFacts(vsphere: Vsphere, vm: Ref, limit: Deadline): Promise<VmwareFacts> {
  let facts: VmwareFacts | undefined;
  const receive = (found: Found): void => {
    facts = factsIn(insistOnAll(found, 'VM', vsphere).values);
  };
  await readThese(vsphere, { type: 'VirtualMachine', paths: PATHS }, [vm], receive, limit);
  return facts ?? factsIn(new Map());
}

function factsIn(values: Found['values']): VmwareFacts {
  const devices = values.get('config.hardware.device');
  const version = Number(values.get('config.tools.toolsVersion')?.text);
  const family = values.get('guest.guestFamily')?.text ?? '';
  const madeFor = values.get('config.guestId')?.text ?? '';
  const on = (key: number): number =>
    items(devices).filter((device) => integer(device, 'controllerKey') === key).length;
  return {
    tools: values.get('guest.toolsRunningStatus')?.text ?? 'guestToolsNotRunning',
    ...(Number.isInteger(version) && version > 0 ? { toolsVersion: version } : {}),
    guest: (family === '' ? /^win/i.test(madeFor) : family === 'windowsGuest') ? 'windows' : 'other',
    diskUuids: values.get('config.flags.diskUuidEnabled')?.text === 'true',
    faultTolerance: values.get('runtime.faultToleranceState')?.text ?? 'notConfigured',
    consolidationNeeded: values.get('runtime.consolidationNeeded')?.text === 'true',
    controllers: devices === undefined ? [] : controllers(devices).map((one) => ({ ...one, devices: on(one.key) })),
  };
}
