import { stringify } from 'yaml';
import type { DemoArray } from './arrays.ts';
import type { DemoGuest } from './guest.ts';
import type { Vcenter } from './vcenter.ts';
import type { WorldWish } from './world.ts';

export interface Started {
  readonly arrays: readonly DemoArray[];
  readonly vcenter: Vcenter;
  readonly username: string;
  readonly guests: readonly DemoGuest[];
  /** The state folder. */
  readonly state: string;
}

/** The topology file of a small world. The secrets lie beside it: `vcenter-password`, `id_ecdsa`. */
export function topologyText(wish: WorldWish, started: Started): string {
  const { arrays, vcenter, username, guests, state } = started;
  const tiers = wish.arrays.map(({ id, tier }) => [tier.name, { arrays: [id], expect: tier.expect }]);
  const volumes = wish.arrays.flatMap(({ id, volumes }) => volumes.map(({ naa, name }) => [name, { array: id, naa }]));
  const topology = {
    version: 1,
    state,
    vsphere: {
      url: vcenter.url,
      username,
      password: { file: 'vcenter-password' },
      tls: { fingerprint: vcenter.certificate.fingerprint },
    },
    arrays: Object.fromEntries(arrays.map((array) => [array.id, array.entry])),
    tiers: Object.fromEntries(tiers),
    volumes: Object.fromEntries(volumes),
    defaults: {
      ssh: { user: 'root', key: 'id_ecdsa', agent: false, config: false },
      // The sh form of the holder calls fsfreeze by name, and so the guest's own, which needs no rights.
      quiesce: { method: 'fsfreeze', interpreter: 'sh', sudo: false },
    },
    vms: Object.fromEntries(
      // By name: under the vCenter's address nobody may be held.
      guests.map(({ name, port, hostKey }) => [name, { ssh: { host: 'localhost', port, hostKey } }]),
    ),
    groups: { [wish.group]: { vms: guests.map((guest) => guest.name), window: '10s', require: 'filesystem' } },
  };
  return `# The small world of the demo. It is gone when the demo ends; its sets stay.\n${stringify(topology, { lineWidth: 0 })}`;
}
