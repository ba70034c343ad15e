import type { DeviceKey } from '../model.ts';
import type { ScsiLun } from '../vsphere/storage.ts';
import { deviceKey, isPathName } from './device.ts';
import { parseLunUuid } from './lun-uuid.ts';

export type Identified =
  /** `seen` false: told by the uuid's structure; none of the hosts asked sees it. */
  | { readonly kind: 'device'; readonly key: DeviceKey; readonly seen: boolean }
  | { readonly kind: 'path'; readonly name: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** The LUNs that one host sees, by each of their names. A host may see a thousand, and every disk asks. */
export interface HostLuns {
  /** By the uuid and the other names, in lower case and without `vml.`. */
  readonly byId: ReadonlyMap<string, ScsiLun>;
  readonly byName: ReadonlyMap<string, ScsiLun>;
  readonly keys: ReadonlySet<DeviceKey>;
}

export function hostLuns(luns: readonly ScsiLun[]): HostLuns {
  const byId = new Map<string, ScsiLun>();
  const byName = new Map<string, ScsiLun>();
  const keys = new Set<DeviceKey>();
  for (const lun of luns) {
    const { canonicalName } = lun;
    for (const id of [lun.uuid, ...lun.descriptors].map(bare)) if (!byId.has(id)) byId.set(id, lun);
    if (!byName.has(canonicalName)) byName.set(canonicalName, lun);
    const key = deviceKey(canonicalName);
    if (key !== undefined) keys.add(key);
  }
  return { byId, byName, keys };
}

/**
 * Which LUN a raw disk maps. What a host says of a LUN with this very uuid counts first; without one, the NAA inside
 * the uuid. Nothing is guessed.
 *
 * @param hosts the host that is believed first comes first
 */
export function identifyLun(lunUuid: string | undefined, hosts: readonly HostLuns[]): Identified {
  if (lunUuid === undefined) return { kind: 'unknown', why: 'vSphere tells no lunUuid' };
  const exact = firstOf(hosts, ({ byId }) => byId.get(bare(lunUuid)));
  if (exact !== undefined) return identifyName(exact.canonicalName, hosts);
  const parsed = parseLunUuid(lunUuid);
  if (parsed.kind === 'unknown')
    return { kind: 'unknown', why: `its lunUuid ${lunUuid} is on no host, and ${parsed.why}` };
  const key = deviceKey(`naa.${parsed.naa}`);
  if (key === undefined) return { kind: 'unknown', why: `its lunUuid ${lunUuid} holds no NAA` };
  return { kind: 'device', key, seen: hosts.some(({ keys }) => keys.has(key)) };
}

/**
 * A device by the name that vSphere uses. NVMe namespaces may go by a t10 name made of their controller's serial; where a
 * host also knows an EUI or NAA for it, that is what an array can be asked for.
 */
export function identifyName(canonicalName: string, hosts: readonly HostLuns[]): Identified {
  if (isPathName(canonicalName)) return { kind: 'path', name: canonicalName };
  const key = deviceKey(canonicalName);
  if (key === undefined) return { kind: 'unknown', why: `${canonicalName} is no name that an array knows` };
  if (!key.startsWith('t10.')) return { kind: 'device', key, seen: true };
  const lun = firstOf(hosts, ({ byName }) => byName.get(canonicalName));
  const better = lun?.descriptors
    .filter((id) => /^(naa|eui)\./.test(id))
    .map((id) => deviceKey(id))
    .find((id) => id !== undefined);
  return { kind: 'device', key: better ?? key, seen: true };
}

function bare(name: string): string {
  return name.toLowerCase().replace(/^vml\./, '');
}

function firstOf<T>(hosts: readonly HostLuns[], find: (host: HostLuns) => T | undefined): T | undefined {
  for (const host of hosts) {
    const found = find(host);
    if (found !== undefined) return found;
  }
  return undefined;
}
