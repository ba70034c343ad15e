// The vCenter of lab.yaml: the one of the demo, with two VMs. Started by lab.sh, with the folder of the keys: its password is
// read from there, its certificate is written there when it serves.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startVcenter } from '../dist/demo/vcenter.js';

const [, , keys = '.'] = process.argv;
const MIB = 1n << 20n;
const naa = (end) => `naa.600140500000000000000000000000${end}`;
const host = { id: 'host-1', name: 'esx.lab' };
const luns = ['b0', 'a0', 'a1'].map((end) => ({
  naa: naa(end),
  sizeBytes: 64n * MIB,
  vendor: 'LIO-ORG',
  model: end === 'b0' ? 'beta' : 'alpha',
}));

const vcenter = await startVcenter({
  port: 8989,
  username: 'user',
  password: readFileSync(join(keys, 'vcenter'), 'utf8'),
  table: {
    about: {
      product: 'vcenter',
      version: '8.0.3',
      build: '24022515',
      apiVersion: '8.0.3.0',
      instanceUuid: '8a1f2c3d-0000-4000-8000-000000000001',
    },
    datacenter: 'Lab',
    hosts: [{ ...host, luns: luns.map((lun, number) => ({ naa: lun.naa, number })) }],
    luns,
    datastores: [{ id: 'datastore-1', kind: 'vmfs', name: 'BOOT', hosts: [host.id], extents: [naa('b0')] }],
    vms: [0, 1].map(guest),
  },
});
writeFileSync(join(keys, 'vcenter.new'), vcenter.certificate.cert);
renameSync(join(keys, 'vcenter.new'), join(keys, 'vcenter.pem'));

function guest(number) {
  const name = `guest${number}`;
  return {
    id: `vm-${number}`,
    name,
    folder: [],
    host: host.id,
    vmx: `[BOOT] ${name}/${name}.vmx`,
    instanceUuid: `50200000-0000-4000-8000-00000000000${number}`,
    biosUuid: `42300000-0000-4000-8000-00000000000${number}`,
    powerState: 'poweredOn',
    guestId: 'debian12_64Guest',
    guestFamily: 'linuxGuest',
    changeVersion: '1',
    disks: [
      {
        kind: 'file',
        address: 'scsi0:0',
        sizeBytes: 32n * MIB,
        files: [`[BOOT] ${name}/${name}.vmdk`],
        uuid: `6000c290-0000-4000-8000-00000000000${number}`,
      },
      {
        kind: 'rdm-physical',
        address: 'scsi0:1',
        sizeBytes: 64n * MIB,
        files: [`[BOOT] ${name}/${name}_1.vmdk`],
        naa: naa(`a${number}`),
      },
    ],
  };
}
