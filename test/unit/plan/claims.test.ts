import { describe, expect, test } from 'vitest';
import { nfsKey } from '../../../src/inventory/device.ts';
import type { DeviceKey, Volume } from '../../../src/model.ts';
import { type Claims, settleClaims } from '../../../src/plan/claims.ts';
import { neededDevices } from '../../../src/plan/needs.ts';
import { BOOT, DATA, inputs, topologyOf, volume, yaml } from './fixture.ts';

const VOLUMES = '\nvolumes:\n';

describe('whose a device is', () => {
  test('a raw disk needs its LUN and the datastore of its mapping file; a home needs its datastore', () => {
    const { placement, topology } = inputs();
    expect(neededDevices(placement, topology)).toEqual([
      {
        device: BOOT,
        neededBy: [
          'mail01 home (datastore VMFS-BOOT)',
          'mail01 scsi0:0 (datastore VMFS-BOOT)',
          'mail01 scsi0:1 (physical RDM)',
        ],
      },
      { device: DATA, neededBy: ['mail01 scsi0:1 (physical RDM)'] },
    ]);
  });

  test('the one array that knows it', () => {
    const { volumes, findings } = settle(yaml(), { fast: [[DATA, 'mail_db']], bulk: [[BOOT, 'vmfs_boot']] });
    expect(findings).toEqual([]);
    expect([...volumes.values()].map(({ array, name }) => `${array}: ${name}`)).toEqual([
      'bulk: vmfs_boot',
      'fast: mail_db',
    ]);
  });

  test('nobody’s: who needs it and who was asked is said', () => {
    const { findings } = settle(yaml(), { fast: [], bulk: [[BOOT, 'vmfs_boot']] });
    expect(findings).toMatchObject([{ code: 'plan.no-array', subject: DATA }]);
    expect(findings[0]?.message).toContain('which mail01 scsi0:1 (physical RDM) needs (asked: fast, bulk)');
  });

  test('two arrays’: refused, unless the file prefers one', () => {
    const claims = {
      fast: [
        [DATA, 'mail_db'],
        [BOOT, 'x'],
      ],
      bulk: [[BOOT, 'vmfs_boot']],
    } as const;
    expect(settle(yaml(), claims).findings).toMatchObject([{ code: 'plan.two-arrays', subject: BOOT }]);
    const preferred = `${yaml()}${VOLUMES}  boot: { naa: ${BOOT}, prefer: bulk }\n`;
    expect(settle(preferred, claims).findings).toEqual([]);
    expect(settle(preferred, claims).volumes.get(BOOT)?.array).toBe('bulk');
  });

  test('an export is the same, however its server and path are written', () => {
    const device = nfsKey('FD00::1', '/vol/a');
    const both: Claims = new Map(['fast', 'bulk'].map((array) => [array, new Map([[device, volume(array, 'a')]])]));
    const { topology } = topologyOf(`${yaml()}${VOLUMES}  a: { nfs: "[fd00::1]:/vol/a/", prefer: bulk }\n`);
    const { volumes, findings } = settleClaims([{ device, neededBy: ['x'] }], both, inputs().placement, topology);
    expect(findings).toEqual([]);
    expect(volumes.get(device)?.array).toBe('bulk');
  });

  test('another array’s than the file says, another datastore’s, or no raw disk at all: a contradiction each', () => {
    const claims = { fast: [[DATA, 'mail_db']], bulk: [[BOOT, 'vmfs_boot']] } as const;
    const said = (entry: string) =>
      settle(`${yaml()}${VOLUMES}  v: { ${entry} }\n`, claims).findings.map(
        ({ code, message }) => `${code} ${message}`,
      );
    expect(said(`array: bulk, naa: ${DATA}`)[0]).toContain(
      `plan.volume-contradicted the topology puts ${DATA} on array bulk, and array fast says`,
    );
    expect(said(`array: fast, naa: ${DATA}, vmfs: VMFS-BOOT`)[0]).toContain(
      'carries datastore VMFS-BOOT, and vSphere finds that one on',
    );
    expect(said(`array: bulk, naa: ${BOOT}, rdm: true`)[0]).toContain('is an RDM, and no VM of the group maps it');
  });
});

function settle(text: string, claims: Readonly<Record<string, readonly (readonly [DeviceKey, string])[]>>) {
  const { topology } = topologyOf(text);
  const { placement } = inputs();
  const all: Claims = new Map(
    Object.entries(claims).map(([array, own]) => [
      array,
      new Map<DeviceKey, Volume>(own.map(([device, name]) => [device, volume(array, name)])),
    ]),
  );
  return settleClaims(neededDevices(placement, topology), all, placement, topology);
}
