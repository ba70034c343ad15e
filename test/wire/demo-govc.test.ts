import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lunUuid, type WorldTable } from '../../src/demo/table.ts';
import { twoTierTable } from '../../src/demo/two-tier.ts';
import { startVcenter, type Vcenter } from '../../src/demo/vcenter.ts';
import { needs } from '../needs.ts';
import { patient } from '../patience.ts';

const GIB = 1n << 30n;
const LUN = twoTierTable.luns[1];

/** What the demo has not: names with a slash, an ESXi's NFS store, a chain of snapshots, every kind of controller. */
const table: WorldTable = {
  ...twoTierTable,
  datastores: [
    ...twoTierTable.datastores,
    {
      id: 'datastore-22',
      kind: 'nfs',
      name: 'NFS/Köln',
      hosts: ['host-11'],
      servers: ['192.0.2.9', 'filer.example'],
      path: '/vol/cologne',
      version: 4.1,
    },
  ],
  vms: [
    ...twoTierTable.vms,
    {
      id: 'vm-40',
      name: 'Web/Köln & <Söhne>',
      folder: ['Production', 'A/B'],
      host: 'host-11',
      vmx: '[NFS/Köln] web/web.vmx',
      instanceUuid: '50010000-0000-4000-8000-000000000040',
      biosUuid: '42000000-0000-4000-8000-000000000040',
      powerState: 'poweredOff',
      guestId: 'debian12_64Guest',
      guestFamily: 'linuxGuest',
      changeVersion: '7',
      disks: [
        {
          kind: 'file',
          address: 'nvme0:3',
          sizeBytes: 8n * GIB,
          files: ['[NFS/Köln] web/web-000001.vmdk', '[VMFS-BOOT] gold/gold.vmdk'],
          uuid: '60000000-0000-4000-8000-000000000040',
        },
        { kind: 'file', address: 'sata1:2', sizeBytes: GIB, files: ['[NFS/Köln] web/a.vmdk'] },
        { kind: 'file', address: 'ide0:1', sizeBytes: GIB, files: ['[NFS/Köln] web/b.vmdk'] },
      ],
      snapshots: [
        { id: 'snapshot-1', name: 'before upgrade', createdAt: '2026-03-01T01:00:00Z', quiesced: true },
        { id: 'snapshot-2', name: 'after', createdAt: '2026-03-02T01:00:00Z', quiesced: false },
      ],
    },
  ],
};

needs('govc')('govc reads the small vCenter', () => {
  let vcenter: Vcenter;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'stillpoint-govc-'));
    vcenter = await startVcenter({ table, username: 'reader@demo.example', password: 'p&ss<word>', pageSize: 2 });
    writeFileSync(join(folder, 'ca.pem'), vcenter.certificate.cert);
  });
  afterAll(async () => {
    await vcenter.close();
    rmSync(folder, { recursive: true });
  });

  async function govc(...args: readonly string[]): Promise<string> {
    const { stdout, stderr } = await promisify(execFile)('govc', args, {
      timeout: patient(20_000),
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        GOVC_URL: vcenter.url,
        GOVC_USERNAME: 'reader@demo.example',
        GOVC_PASSWORD: 'p&ss<word>',
        GOVC_TLS_CA_CERTS: join(folder, 'ca.pem'),
        GOVC_PERSIST_SESSION: 'false',
      },
    });
    expect(stderr).toBe('');
    return stdout;
  }

  async function json(...args: readonly [string, ...string[]]): Promise<unknown> {
    const [command, ...rest] = args;
    return JSON.parse(await govc(command, '-json', ...rest));
  }

  test('trusts its certificate when it is given as the CA, and logs in and out', async () => {
    expect(await govc('about')).toMatch(/Name: +VMware vCenter Server\n(.*\n)*API version: +8\.0\.3\.0/);
    expect(vcenter.sessions()).toBe(0);
  });

  test('is refused with a wrong password', async () => {
    await expect(
      promisify(execFile)('govc', ['about', '-k', '-u', vcenter.url.replace('//', '//reader:wrong@')], {
        timeout: patient(20_000),
        env: { PATH: process.env.PATH, HOME: folder, GOVC_PERSIST_SESSION: 'false' },
      }),
    ).rejects.toThrow(/incorrect user name or password/);
  });

  test('finds everything, page after page', async () => {
    expect((await govc('find', '/')).trim().split('\n')).toEqual([
      '/',
      '/DC1',
      '/DC1/vm',
      '/DC1/vm/Production',
      '/DC1/vm/Production/A%2fB',
      '/DC1/vm/Production/A%2fB/Web%2fKöln & <Söhne>',
      '/DC1/vm/Production/mail01',
      '/DC1/vm/Production/db01',
      '/DC1/vm/Production/app01',
      '/DC1/host',
      '/DC1/host/Cluster',
      '/DC1/host/Cluster/esx1.demo.example',
      '/DC1/host/Cluster/esx2.demo.example',
      '/DC1/host/Cluster/Resources',
      '/DC1/datastore',
      '/DC1/datastore/VMFS-BOOT',
      '/DC1/datastore/NFS%2fKöln',
      '/DC1/network',
    ]);
    expect(await govc('find', '.', '-type', 'm', '-runtime.powerState', 'poweredOff')).toMatch(/Web%2fKöln/);
    expect(await govc('find', '-p', '/DC1/vm/Production/db01', '-type', 'Datacenter')).toBe('/DC1\n');
  });

  test('lists folders by path', async () => {
    expect(await govc('ls')).toBe('/DC1/vm\n/DC1/host\n/DC1/datastore\n/DC1/network\n');
    expect(await govc('ls', '/DC1/vm/Production/*')).toContain('/DC1/vm/Production/db01');
  });

  test('shows devices, chains and raw disks', async () => {
    const text = await govc('device.info', '-vm', 'mail01');
    expect(text).toMatch(/Name: +disk-1000-1\n(.*\n)*? +File: +\[VMFS-BOOT\] mail01\/mail01_1\.vmdk/);
    const raw = await json('device.info', '-vm', 'mail01', 'disk-1000-1');
    expect(raw).toMatchObject({
      devices: [
        {
          key: 2001,
          controllerKey: 1000,
          unitNumber: 1,
          capacityInBytes: Number(100n * GIB),
          backing: {
            compatibilityMode: 'physicalMode',
            datastore: { type: 'Datastore', value: 'datastore-21' },
            lunUuid: LUN === undefined ? '' : lunUuid(LUN, 1),
          },
        },
      ],
    });
    const chained = await govc('device.info', '-vm', '/DC1/vm/Production/A%2fB/Web%2fKöln & <Söhne>');
    expect(chained).toMatch(/Parent: +\[VMFS-BOOT\] gold\/gold\.vmdk/);
    for (const controller of ['nvme-31000', 'ahci-15001', 'ide-200']) expect(chained).toContain(controller);
  });

  test('finds a VM by either of its uuids', async () => {
    for (const uuid of [table.vms[0]?.biosUuid ?? '', table.vms[0]?.instanceUuid ?? ''])
      expect(await govc('vm.info', '-vm.uuid', uuid)).toMatch(/Name: +mail01\n/);
  });

  test('shows datastores with their extents and exports', async () => {
    expect(await json('datastore.info', 'VMFS-BOOT')).toMatchObject({
      datastores: [
        { summary: { type: 'VMFS' }, info: { vmfs: { extent: [{ diskName: table.luns[0]?.naa, partition: 1 }] } } },
      ],
    });
    expect(await govc('datastore.info', '/DC1/datastore/NFS%2fKöln')).toMatch(/Remote: +192\.0\.2\.9:\/vol\/cologne/);
  });

  test('shows the LUNs of a host', async () => {
    const luns = await govc('host.storage.info', '-host', 'esx1.demo.example');
    for (const lun of table.luns) expect(luns).toContain(`/vmfs/devices/disks/${lun.naa}`);
  });

  test('shows the tree of snapshots', async () => {
    const vm = '/DC1/vm/Production/A%2fB/Web%2fKöln & <Söhne>';
    expect(await govc('snapshot.tree', '-vm', vm, '-D', '-i')).toBe(
      '[snapshot-1 2026-03-01T01:00:00Z]  before upgrade\n' +
        '  [snapshot-2 2026-03-02T01:00:00Z]  after\n' +
        '  [snapshot-2 2026-03-02T01:00:00Z]  .\n',
    );
    expect(await govc('snapshot.tree', '-vm', 'db01')).toBe('');
  });

  test('collects single properties through a filter and its updates', async () => {
    expect(await govc('object.collect', '-s', 'vm/Production/db01', 'config.changeVersion')).toBe(
      '2026-01-01T00:00:00.000000Z\n',
    );
    const all = await govc('object.collect', '-s', '-type', 'm', '/', 'name');
    expect(all.trim().split('\n')).toHaveLength(table.vms.length);
    await expect(govc('object.collect', 'vm/Production/db01', 'confg')).rejects.toThrow(/InvalidProperty|confg/);
  });

  test('collects all properties of every kind of object', async () => {
    for (const ref of ['Folder:group-d1', 'Datacenter:datacenter-2', 'VirtualMachine:vm-40', 'HostSystem:host-11'])
      expect(await govc('object.collect', ref)).toMatch(/\bname\b/);
  });

  test('asks managers that have nothing to tell, and is told just that', async () => {
    expect(await govc('events')).toBe('');
    expect(await govc('tasks')).toMatch(/^(?:Task +Target .*\n)?$/);
    expect(await govc('tasks', '-b', '24h')).toMatch(/^(?:Task +Target .*\n)?$/);
    expect(await govc('license.ls')).toMatch(/^(?:Key: .*\n)?$/);
    expect(await govc('host.info', '-host', 'esx1.demo.example')).toMatch(/Logical CPUs: +2 CPUs/);
    expect(await govc('cluster.rule.ls', '-cluster', 'Cluster')).toBe('');
    expect(await govc('pool.info', '/DC1/host/Cluster/Resources')).toMatch(/Name: +Resources\n/);
  });

  test.each([
    ['guest.run', '-vm', 'db01', '-l', 'user:word', '/bin/true'],
    ['guest.ps', '-vm', 'db01', '-l', 'user:word'],
    ['vm.power', '-off', 'db01'],
    ['snapshot.create', '-vm', 'db01', 'x'],
    ['datastore.ls', '-ds', 'VMFS-BOOT'],
  ])('%s is refused in words', async (...args) => {
    const failed: unknown = await govc(...args).then(
      () => 'it succeeded',
      (error: unknown) => error,
    );
    expect(String(failed)).toMatch(/is not supported here/);
    expect(String(failed)).not.toMatch(/panic|SIGSEGV/);
  });

  test('takes it for a single ESXi host where the table says so', async () => {
    const [host] = table.hosts;
    vcenter.serve({
      ...twoTierTable,
      about: { ...twoTierTable.about, product: 'esxi' },
      datacenter: 'ha-datacenter',
      hosts: host === undefined ? [] : [host],
    });
    try {
      expect(await govc('about')).toMatch(/API type: +HostAgent\n/);
      expect(await govc('ls', '/ha-datacenter/host/esx1.demo.example')).toMatch(/esx1\.demo\.example\/Resources/);
      expect(await govc('device.info', '-vm', 'app01')).toContain('disk-1000-1');
    } finally {
      vcenter.serve(table);
    }
  });
});
