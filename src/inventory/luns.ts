import type { DeviceKey } from '../model.ts';
import type { ScsiLun } from '../vsphere/storage.ts';
import { deviceKey, isPathName } from './device.ts';
import { parseLunUuid } from './lun-uuid.ts';

export type Identified =
  /** `seen` false: told by the uuid's structure; none of the hosts asked sees it. */
  | { readonly kind: 'device'; readonly key: DeviceKey; readonly seen: boolean }
  | { readonly kind: 'path'; readonly name: string }
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * Which LUN a raw disk maps. What a host says of a LUN with this very uuid counts first; without one, the NAA inside
 * the uuid. Nothing is guessed.
 */
export function identifyLun(lunUuid: string | undefined, luns: readonly ScsiLun[]): Identified {
  if (lunUuid === undefined) return { kind: 'unknown', why: 'vSphere tells no lunUuid' };
  const bare = lunUuid.toLowerCase().replace(/^vml\./, '');
  const same = (name: string): boolean => name.toLowerCase().replace(/^vml\./, '') === bare;
  const exact = luns.find((lun) => same(lun.uuid) || lun.descriptors.some(same));
  if (exact !== undefined) return identifyName(exact.canonicalName, luns);
  const parsed = parseLunUuid(lunUuid);
  if (parsed.kind === 'unknown')
    return { kind: 'unknown', why: `its lunUuid ${lunUuid} is on no host, and ${parsed.why}` };
  const key = deviceKey(`naa.${parsed.naa}`);
  if (key === undefined) return { kind: 'unknown', why: `its lunUuid ${lunUuid} holds no NAA` };
  return { kind: 'device', key, seen: luns.some((lun) => deviceKey(lun.canonicalName) === key) };
}

/**
 * A device by the name that vSphere uses. NVMe namespaces may go by a t10 name made of their controller's serial; where a
 * host also knows an EUI or NAA for it, that is what an array can be asked for.
 */
export function identifyName(canonicalName: string, luns: readonly ScsiLun[]): Identified {
  if (isPathName(canonicalName)) return { kind: 'path', name: canonicalName };
  const key = deviceKey(canonicalName);
  if (key === undefined) return { kind: 'unknown', why: `${canonicalName} is no name that an array knows` };
  if (!key.startsWith('t10.')) return { kind: 'device', key, seen: true };
  const lun = luns.find((candidate) => candidate.canonicalName === canonicalName);
  const better = lun?.descriptors
    .filter((id) => /^(naa|eui)\./.test(id))
    .map((id) => deviceKey(id))
    .find((id) => id !== undefined);
  return { kind: 'device', key: better ?? key, seen: true };
}
