import { nfsKey } from '../inventory/device.ts';
import type { ArrayId, DeviceKey, Finding, Placement, Volume } from '../model.ts';
import type { Topology, VolumeSettings } from '../topology/topology.ts';
import type { Need } from './needs.ts';

/** What each array answered to "which of these are yours?". */
export type Claims = ReadonlyMap<ArrayId, ReadonlyMap<DeviceKey, Volume>>;

/**
 * Settles whose each device is. A device of nobody, of two arrays, or of another array than the file says, is an
 * error: a set that leaves it out would be a partial image.
 */
export function settleClaims(
  needs: readonly Need[],
  claims: Claims,
  placement: Placement,
  topology: Topology,
): { readonly volumes: ReadonlyMap<DeviceKey, Volume>; readonly findings: readonly Finding[] } {
  const volumes = new Map<DeviceKey, Volume>();
  const findings: Finding[] = [];
  for (const { device, neededBy } of needs) {
    const stated = topology.volumes.find((entry) => isOf(entry, device));
    const claimants = [...claims].flatMap(([, located]) => located.get(device) ?? []);
    findings.push(...contradictions(stated, device, claimants, placement));
    const settled = settle(claimants, stated);
    if (settled !== undefined) {
      volumes.set(device, settled);
      continue;
    }
    findings.push(
      claimants.length === 0 ? ofNobody(device, neededBy, [...claims.keys()]) : ofTwo(device, neededBy, claimants),
    );
  }
  return { volumes, findings };
}

function settle(claimants: readonly Volume[], stated: VolumeSettings | undefined): Volume | undefined {
  if (claimants.length === 1) return claimants[0];
  return claimants.find(({ array }) => array === stated?.prefer);
}

function isOf(entry: VolumeSettings, device: DeviceKey): boolean {
  if (entry.device.kind === 'lun') return entry.device.id === device;
  return nfsKey(entry.device.server, entry.device.path) === device;
}

/** The file's own statements about a device, held against what vSphere and the arrays say. */
function contradictions(
  stated: VolumeSettings | undefined,
  device: DeviceKey,
  claimants: readonly Volume[],
  placement: Placement,
): readonly Finding[] {
  if (stated === undefined) return [];
  const findings: Finding[] = [];
  const wrong = (message: string, hint: string): void => {
    findings.push({
      code: 'plan.volume-contradicted',
      severity: 'error',
      subject: `volume ${stated.name}`,
      message,
      hint,
    });
  };
  const other = claimants.find(({ array }) => stated.array !== undefined && array !== stated.array);
  if (other !== undefined && stated.prefer === undefined) {
    wrong(
      `the topology puts ${device} on array ${stated.array}, and array ${other.array} says that it is its volume ${other.name}`,
      'Correct the entry under `volumes`, or name the right one with `prefer`.',
    );
  }
  if (stated.vmfs !== undefined) {
    const store = placement.datastores.find(({ name }) => name === stated.vmfs);
    if (store !== undefined && !store.devices.includes(device)) {
      wrong(
        `the topology says that ${device} carries datastore ${stated.vmfs}, and vSphere finds that one on ${store.devices.join(', ')}`,
        'Correct `naa` or `vmfs` of the entry under `volumes`.',
      );
    }
  }
  const isRdm = placement.vms.some((vm) =>
    vm.disks.some((disk) => disk.kind.startsWith('rdm') && disk.data.includes(device)),
  );
  if (stated.rdm === true && !isRdm) {
    wrong(
      `the topology says that ${device} is an RDM, and no VM of the group maps it`,
      'Correct `naa` or take `rdm: true` away.',
    );
  }
  return findings;
}

function ofNobody(device: DeviceKey, neededBy: readonly string[], asked: readonly ArrayId[]): Finding {
  return {
    code: 'plan.no-array',
    severity: 'error',
    subject: device,
    message: `no array of the topology knows ${device}, which ${neededBy.join(', ')} needs (asked: ${asked.join(', ')})`,
    hint: 'Add its array under `arrays`, list it under `volumes` where the array cannot be asked, or `exclude` the disk.',
  };
}

function ofTwo(device: DeviceKey, neededBy: readonly string[], claimants: readonly Volume[]): Finding {
  const names = claimants.map(({ array, name }) => `${array}: ${name}`).join(', ');
  return {
    code: 'plan.two-arrays',
    severity: 'error',
    subject: device,
    message: `two arrays say that ${device} is theirs (${names}); ${neededBy.join(', ')} needs it`,
    hint: 'A stretched volume: say which side to cut with `prefer: ARRAY` under `volumes`.',
  };
}
