import type { Peer } from '../transport/peer.ts';
import type { Written } from './settings.ts';

/** The vCenter or ESXi host, as faults speak of it; what to change stands in the topology or in flags. */
export function vspherePeer(written: Written = 'topology'): Peer {
  return { kind: 'vsphere', name: 'vCenter', written: WRITTEN[written] };
}

const WRITTEN: Readonly<Record<Written, Peer['written']>> = {
  topology: {
    url: 'vsphere.url',
    ca: 'vsphere.tls.ca',
    fingerprint: 'vsphere.tls.fingerprint',
    orCa: 'tls: { ca: FILE }',
    pin: (seen) => `write\n  vsphere:\n    tls: { fingerprint: "SHA256:${seen}" }`,
  },
  flags: {
    url: '--url',
    ca: '--ca',
    fingerprint: '--fingerprint',
    orCa: '--ca FILE',
    pin: (seen) => `add\n  --fingerprint SHA256:${seen}`,
  },
};
