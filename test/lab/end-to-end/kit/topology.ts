import type { LabGuest } from '../../kit/guest.ts';
import { ARRAYS, type ArrayName, naaOf, type TopologyOrder, type VmOrder, volumeName } from './orders.ts';
import { SHIM_VARIABLES } from './shims.ts';
import type { EndToEnd } from './world.ts';

/** Where a remote array has its LUNs. */
export const ROOT = '/srv/luns';

/** What a user of this world would write down. */
export function topologyOf(
  orders: readonly VmOrder[],
  order: TopologyOrder,
  world: EndToEnd,
  hosts: ReadonlyMap<ArrayName, LabGuest>,
): unknown {
  const used = new Set(orders.flatMap(({ disks }) => disks.map(({ array }) => array)));
  return {
    version: 1,
    vsphere: {
      url: world.vcsim.url,
      username: world.vcsim.username,
      password: { env: 'LAB_PASSWORD' },
      tls: { fingerprint: world.vcsim.certificate.fingerprint },
    },
    arrays: Object.fromEntries(
      [...used].map((name) => {
        const host = hosts.get(name);
        const place =
          host === undefined
            ? { local: true, variables: SHIM_VARIABLES, root: world.array(name).here }
            : { ssh: loginOf(host), root: ROOT };
        return [name, { driver: ARRAYS[name].driver, ...place }];
      }),
    ),
    volumes: Object.fromEntries(
      orders.flatMap(({ name, disks }) =>
        disks.map((disk) => [volumeName(name, disk), { array: disk.array, naa: naaOf(orders, name, disk) }]),
      ),
    ),
    vms: Object.fromEntries(
      orders.map(({ name, disks }) => {
        return [
          name,
          {
            ssh: loginOf(world.guest(name)),
            quiesce: 'fsfreeze',
            disks: Object.fromEntries(disks.map((disk) => [disk.address, disk.mount])),
            ...order.vms?.[name],
          },
        ];
      }),
    ),
    groups: order.groups,
  };
}

function loginOf({ address, ssh, knownHosts }: LabGuest): unknown {
  return { host: address, user: 'root', key: ssh.key, knownHosts, config: false };
}
