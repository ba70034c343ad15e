import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { twoTierTable } from '../../src/demo/two-tier.ts';
import { startVcenter } from '../../src/demo/vcenter.ts';
import { needs, PYVMOMI } from '../needs.ts';
import { patient } from '../patience.ts';

const SCRIPT = fileURLToPath(new URL('./demo-pyvmomi.py', import.meta.url));
const GIB = 2 ** 30;
const LOGIN = { username: 'reader@demo.example', password: 'p&ss<word>' };

needs('pyvmomi')('pyVmomi reads the small vCenter', () => {
  let said: Readonly<Record<string, unknown>>;
  let sessions: number;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stillpoint-pyvmomi-'));
    const vcenter = await startVcenter({ table: twoTierTable, ...LOGIN, pageSize: 2 });
    try {
      writeFileSync(join(folder, 'ca.pem'), vcenter.certificate.cert);
      const argv = [SCRIPT, new URL(vcenter.url).port, join(folder, 'ca.pem'), LOGIN.username, LOGIN.password];
      const { stdout } = await promisify(execFile)(PYVMOMI, argv, { timeout: patient(60_000) });
      said = JSON.parse(stdout);
      sessions = vcenter.sessions();
    } finally {
      await vcenter.close();
      rmSync(folder, { recursive: true });
    }
  });

  test('logs in, is refused with a wrong password, and logs out', () => {
    expect(said).toMatchObject({
      'wrong password': 'vim.fault.InvalidLogin',
      about: 'VMware vCenter Server 8.0.3 build-24022515',
      session: LOGIN.username,
    });
    expect(sessions).toBe(0);
  });

  test('walks the inventory property by property', () => {
    const [boot] = twoTierTable.luns;
    expect(said).toMatchObject({
      tree: { DC1: ['Production'] },
      machines: ['app01', 'db01', 'mail01'],
      views: ['vim.view.ContainerView'],
      disks: [
        ['Hard disk 1', 'vim.vm.device.VirtualDisk.FlatVer2BackingInfo', 40 * GIB],
        ['Hard disk 2', 'vim.vm.device.VirtualDisk.RawDiskMappingVer1BackingInfo', 100 * GIB],
      ],
      datastores: [['VMFS-BOOT', 'VMFS', [boot?.naa]]],
      parent: ['Production', 'esx1.demo.example', 'Cluster'],
    });
  });

  test('may ask each object and each manager for everything that its class has', () => {
    const set = said.set as Readonly<Record<string, readonly string[]>>;
    for (const manager of ['event.EventManager', 'AuthorizationManager', 'LicenseManager', 'PerformanceManager'])
      expect(set[`vim.${manager}`], manager).toEqual([]);
    for (const wanted of ['config', 'guest', 'layoutEx', 'runtime', 'summary', 'datastore'])
      expect(set['vim.VirtualMachine']).toContain(wanted);
    expect(set['vim.vm.guest.GuestOperationsManager']).toContain('processManager');
    expect(said.events).toEqual([0]);
  });

  test('keeps a list of its own, and is told what of it is not there', () => {
    expect(said).toMatchObject({ 'unknown in a list': ['vm-404'], list: ['db01'] });
  });

  test('follows updates from version to version, with filters that come later', () => {
    expect(said).toMatchObject({
      first: [['name', 'mail01']],
      second: [['runtime.powerState', 'poweredOn']],
      third: null,
      filters: 2,
    });
  });

  test('gets the fault of vim25 for each wrong thing', () => {
    expect(said.faults).toEqual({
      'an old version': 'vmodl.query.InvalidCollectorVersion',
      'a property that there is not': 'vmodl.query.InvalidProperty',
      'an object that there is not': 'vmodl.fault.ManagedObjectNotFound',
      'a change': 'vmodl.fault.NotSupported',
      'a program in a guest': 'vmodl.fault.NotSupported',
      'a collector that is gone': 'vmodl.fault.ManagedObjectNotFound',
      'after the logout': 'vim.fault.NotAuthenticated',
    });
  });
});
