import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { type Deadline, deadline } from '../../src/base/deadline.ts';
import { Fault } from '../../src/base/fault.ts';
import { Secret } from '../../src/base/secret.ts';
import type { WorldTable } from '../../src/demo/table.ts';
import { startVcenter } from '../../src/demo/vcenter.ts';
import { placementReader } from '../../src/inventory/reader.ts';
import { samePlacement } from '../../src/inventory/same-placement.ts';
import type { Placement } from '../../src/model.ts';
import type { PlacementReader } from '../../src/ports.ts';
import type { ConnectionSettings } from '../../src/vsphere/settings.ts';
import {
  LUNS,
  largeWorld,
  refusedWorld,
  singleHostWorld,
  standardWorld,
  stretchedWorld,
} from '../fixtures/world-table.ts';
import { needs } from '../needs.ts';
import { startVcsim, type Vcsim } from './vcsim/start.ts';

const BOOT = [LUNS.BULK_BOOT_1, LUNS.BULK_BOOT_2];

function serving(table: WorldTable): () => Vcsim {
  let vcsim: Vcsim | undefined;
  beforeAll(async () => {
    vcsim = await startVcsim({ table });
  });
  afterAll(() => vcsim?.stop());
  return () => {
    if (vcsim === undefined) throw new Error('vcsim does not run');
    return vcsim;
  };
}

function settings(vcsim: Vcsim, tls: ConnectionSettings['tls'] = pinOf(vcsim)): ConnectionSettings {
  return {
    url: vcsim.url,
    username: vcsim.username,
    password: new Secret(vcsim.password),
    ...(tls === undefined ? {} : { tls }),
  };
}

function pinOf({ certificate }: Pick<Vcsim, 'certificate'>): { readonly fingerprint: string } {
  return { fingerprint: certificate.fingerprint.replace(/^SHA256:|:/g, '').toLowerCase() };
}

/** A reader that is closed whatever happens. */
async function reading<T>(
  connection: ConnectionSettings,
  work: (reader: PlacementReader, limit: Deadline) => Promise<T>,
  pageObjects?: number,
): Promise<T> {
  const limit = deadline(systemClock, 60_000, 'the test');
  const parts = { clock: systemClock, environment: {}, ...(pageObjects === undefined ? {} : { pageObjects }) };
  try {
    const reader = await placementReader(connection, parts, limit);
    try {
      return await work(reader, limit);
    } finally {
      await reader.close();
    }
  } finally {
    limit.done();
  }
}

function read(vcsim: Vcsim, vms: readonly string[], pageObjects?: number): Promise<Placement> {
  const members = vms.map((vm) => ({ vm, wanted: vm }));
  return reading(settings(vcsim), (reader, limit) => reader.read(members, limit), pageObjects);
}

async function fault(work: Promise<unknown>): Promise<Fault> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof Fault) return thrown;
  throw new Error(`no Fault but ${String(thrown)}`);
}

needs('vcsim', 'govc')('placements read from vcsim, a vCenter', () => {
  const vcsim = serving(standardWorld);

  test('a VM whose disks lie on VMFS and on raw devices of both kinds is resolved to all of its LUNs', async () => {
    const { vms, findings } = await read(vcsim(), ['mail01']);
    expect(findings).toEqual([]);
    const disks = vms[0]?.disks.map(({ address, kind, data, metadata }) => ({ address, kind, data, metadata }));
    expect(disks).toEqual([
      { address: 'scsi0:0', kind: 'vmfs', data: BOOT, metadata: [] },
      { address: 'scsi0:1', kind: 'rdm-physical', data: [LUNS.FAST_MAIL], metadata: BOOT },
      { address: 'scsi1:0', kind: 'rdm-virtual', data: [LUNS.FAST_LOG], metadata: BOOT },
    ]);
    expect(vms[0]?.home).toEqual({ file: '[VMFS-BOOT] mail01/mail01.vmx', devices: BOOT });
    expect(vms[0]?.disks[1]?.uuid).toBeUndefined();
    expect(vms[0]?.disks[0]?.sizeBytes).toBe(40n * 1024n ** 3n);
  });

  test('a linked clone needs its parent’s datastore too, and NFS is one export with all its names', async () => {
    const { vms, datastores, findings } = await read(vcsim(), ['web01']);
    expect(findings).toEqual([]);
    expect(vms[0]?.disks).toMatchObject([
      {
        address: 'nvme0:0',
        files: ['[VMFS-BOOT] web01/web01-000001.vmdk', '[VMFS-GOLD] gold/gold.vmdk'],
        data: [...BOOT, LUNS.BULK_GOLD],
      },
      { address: 'sata0:3', kind: 'nfs', data: ['nfs://filer.test/vol/Ablage'] },
    ]);
    expect(datastores.map(({ name, otherNames }) => [name, otherNames])).toEqual([
      ['VMFS-BOOT', undefined],
      ['VMFS-GOLD', undefined],
      ['nfs-ablage', ['nfs://192.0.2.7/vol/Ablage']],
    ]);
    expect(datastores.slice(0, 2).map(({ vms: on }) => on)).toEqual([
      ['/Rechenzentrum Süd/vm/A/test01', '/Rechenzentrum Süd/vm/B/test01', 'mail01', 'web01'],
      ['gold', 'web01'],
    ]);
  });

  test.each([
    ['its name, with / and umlauts', 'Büro/Drucker 100%'],
    ['its name, decomposed', 'Büro/Drucker 100%'.normalize('NFD')],
    ['its path, encoded', '/Rechenzentrum Süd/vm/Büro & Lager/Büro%2fDrucker 100%25'],
    ['its path, as people read it', '/Rechenzentrum Süd/vm/Büro & Lager/Büro/Drucker 100%'],
    ['its instance UUID', '50200000-0000-4000-8000-000000000003'],
    ['its MoRef', 'vm-3'],
    ['its MoRef with its type', 'VirtualMachine:vm-3'],
  ])('a VM is found by %s', async (_, wanted) => {
    const { vms } = await read(vcsim(), [wanted]);
    expect(vms.map(({ ref, path }) => ({ ref, path }))).toEqual([
      { ref: 'VirtualMachine:vm-3', path: '/Rechenzentrum Süd/vm/Büro & Lager/Büro%2fDrucker 100%25' },
    ]);
  });

  test('a name that two VMs have is a finding with both paths, and one that none has names the nearest', async () => {
    const { vms, findings } = await read(vcsim(), ['test01', 'mial01']);
    expect(vms).toEqual([]);
    expect(findings.map(({ code, subject }) => [code, subject])).toEqual([
      ['vsphere.vm-ambiguous', 'test01'],
      ['vsphere.vm-not-found', 'mial01'],
    ]);
    expect(findings[0]?.message).toContain('/Rechenzentrum Süd/vm/A/test01');
    expect(findings[0]?.message).toContain('/Rechenzentrum Süd/vm/B/test01');
    expect(findings[1]?.hint).toBe('Did you mean mail01?');
  });

  test('the demo’s vCenter and vcsim, serving one table, are read as the same placement', async () => {
    const names = ['mail01', 'web01', 'Büro/Drucker 100%', 'test01', 'gold'];
    const vcenter = await startVcenter({ table: standardWorld, username: 'reader', password: 'right' });
    try {
      const ours = await reading(
        { url: vcenter.url, username: 'reader', password: new Secret('right'), tls: pinOf(vcenter) },
        (reader, limit) =>
          reader.read(
            names.map((vm) => ({ vm, wanted: vm })),
            limit,
          ),
      );
      const theirs = await read(vcsim(), names);
      expect({ ...ours, takenAt: '' }).toEqual({ ...theirs, takenAt: '' });
    } finally {
      await vcenter.close();
    }
  });

  test('two readings of an unchanged world differ in nothing but their time', async () => {
    const names = ['web01', 'mail01', 'Büro/Drucker 100%'];
    const [first, second] = [await read(vcsim(), names), await read(vcsim(), names, 1)];
    expect({ ...first, takenAt: '' }).toEqual({ ...second, takenAt: '' });
    expect(samePlacement(first, second)).toEqual([]);
  });

  test('what was begun is ended: every view, and the session as the last call of all', async () => {
    const before = vcsim().trace().length;
    await read(vcsim(), ['mail01'], 2);
    const trace = vcsim().trace().slice(before);
    expect(trace).toMatch(/<operationID>stillpoint-[0-9a-f]{8}-\d+<\/operationID>/);
    expect(trace).toContain('<ContinueRetrievePropertiesEx');
    expect(trace.match(/<CreateContainerView /g)).toHaveLength(trace.match(/<DestroyView /g)?.length ?? 0);
    expect(trace.match(/<Login /g)).toHaveLength(1);
    expect(trace.match(/<Logout /g)).toHaveLength(1);
    expect(trace.indexOf('<Logout ')).toBeGreaterThan(trace.lastIndexOf('<DestroyView '));
  });

  test('the session ends also where reading failed', async () => {
    const before = vcsim().trace().length;
    const spent = deadline(systemClock, 0, 'nothing left');
    await fault(reading(settings(vcsim()), (reader) => reader.read([{ vm: 'mail01', wanted: 'mail01' }], spent)));
    expect(
      vcsim()
        .trace()
        .slice(before)
        .match(/<Logout /g),
    ).toHaveLength(1);
  });

  test('a session that somebody ended is renewed once, unseen', async () => {
    const before = vcsim().trace().length;
    const { vms } = await reading(settings(vcsim()), async (reader, limit) => {
      await reader.read([{ vm: 'web01', wanted: 'web01' }], limit);
      endSessions(vcsim());
      return reader.read([{ vm: 'mail01', wanted: 'mail01' }], limit);
    });
    expect(vms).toHaveLength(1);
    expect(
      vcsim()
        .trace()
        .slice(before)
        .match(/<operationID>stillpoint-.*<Login /g),
    ).toHaveLength(2);
  });

  test('a wrong password is said as such, and never repeated', async () => {
    const wrong = { ...settings(vcsim()), password: new Secret('hunter2') };
    const refused = await fault(reading(wrong, async () => undefined));
    expect(refused.code).toBe('vsphere.invalid-login');
    expect(refused.message).toContain('svc-stillpoint');
    expect(JSON.stringify([refused.message, refused.hint])).not.toContain('hunter2');
  });

  test('an unknown certificate is refused with the lines that would accept it; those lines then do', async () => {
    const { password, username, url } = settings(vcsim());
    const trustNobody = { url: url ?? '', username: username ?? '', password: password ?? new Secret('') };
    const refused = await fault(reading(trustNobody, async () => undefined));
    expect(refused.code).toBe('vsphere.unknown-certificate');
    const seen = /fingerprint: "SHA256:([0-9A-F:]{95})"/.exec(refused.hint ?? '')?.[1] ?? '';
    const fingerprint = seen.replaceAll(':', '').toLowerCase();
    const pinned = await reading({ ...trustNobody, tls: { fingerprint } }, async () => 'in');
    expect(pinned).toBe('in');
  });

  test('a certificate other than the pinned one gets no login', async () => {
    const before = vcsim().trace().length;
    const refused = await fault(reading(settings(vcsim(), { fingerprint: '0'.repeat(64) }), async () => undefined));
    expect(refused.code).toBe('vsphere.wrong-certificate');
    expect(vcsim().trace().slice(before)).toBe('');
  });
});

needs('vcsim', 'govc')('worlds that vcsim serves', () => {
  const stretched = serving(stretchedWorld);
  const refused = serving(refusedWorld);
  const host = serving(singleHostWorld);
  const changing = serving(standardWorld);

  test('a datastore whose extents lie on two arrays is told as two devices', async () => {
    const { vms, datastores } = await read(stretched(), ['mail01']);
    expect(vms[0]?.disks[0]?.data).toEqual([LUNS.BULK_BOOT_1, LUNS.OTHER_EXTENT]);
    expect(datastores[0]?.devices).toEqual([LUNS.BULK_BOOT_1, LUNS.OTHER_EXTENT]);
    const under = stretchedWorld.luns.filter(({ naa }) => datastores[0]?.devices.some((device) => device === naa));
    expect(datastores[0]?.sizeBytes).toBe(under.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0n));
  });

  test('everything that no array can take has a code of its own', async () => {
    const names = refusedWorld.vms.map(({ name }) => name).filter((name) => !name.endsWith('-b'));
    const { findings } = await read(refused(), names);
    expect(findings.map(({ code, severity, subject }) => `${severity} ${code} ${subject}`)).toMatchInlineSnapshot(`
      [
        "error vsphere.shared-disk cluster-a scsi1:0",
        "error vsphere.shared-disk writer-a scsi0:0",
        "error vsphere.vsan on-vsan scsi0:0",
        "error vsphere.vsan on-vsan home",
        "error vsphere.vvol on-vvol scsi0:0",
        "error vsphere.vvol on-vvol home",
        "error vsphere.pmem on-pmem scsi0:0",
        "error vsphere.pmem on-pmem home",
        "error vsphere.local-disk on-local scsi0:0",
        "error vsphere.local-disk on-local home",
        "error vsphere.encrypted secret",
        "error vsphere.vmware-snapshot snapped",
        "error vsphere.suspended asleep",
        "error vsphere.question asking",
        "warning vsphere.consolidation-needed leftover",
        "error vsphere.config-unset lost",
        "error vsphere.template pattern",
        "error vsphere.no-disks diskless",
      ]
    `);
    const shared = findings.filter(({ code }) => code === 'vsphere.shared-disk');
    expect(shared.map(({ message }) => message)).toEqual([
      expect.stringContaining('cluster-b'),
      expect.stringContaining('writer-b'),
    ]);
  });

  test('disks that are shared only inside the group are no finding', async () => {
    const { findings } = await read(refused(), ['cluster-a', 'cluster-b', 'writer-a', 'writer-b']);
    expect(findings).toEqual([]);
  });

  test('a snapshot that somebody takes meanwhile is a disturbance, and is named in the next plan', async () => {
    await reading(settings(changing()), async (reader, limit) => {
      const since = systemClock.now();
      expect(await reader.disturbances(['VirtualMachine:vm-1'], since, limit)).toEqual([]);
      govc(changing(), 'snapshot.create', '-m=false', '-vm', 'mail01', 'before the upgrade');
      const disturbed = await reader.disturbances(['VirtualMachine:vm-1', 'VirtualMachine:vm-2'], since, limit);
      expect(disturbed.map(({ code, subject }) => [code, subject])).toEqual([['vsphere.disturbed-snapshot', 'mail01']]);
      expect(await reader.disturbances(['VirtualMachine:vm-1'], systemClock.now() + 60_000, limit)).toEqual([]);
      const { vms, findings } = await reader.read([{ vm: 'mail01', wanted: 'mail01' }], limit);
      expect(vms[0]?.snapshots.map(({ name }) => name)).toEqual(['before the upgrade']);
      expect(findings.map(({ code }) => code)).toEqual(['vsphere.vmware-snapshot']);
    });
  });

  test('a single ESXi host is read like a vCenter', async () => {
    const { vms, findings, source } = await read(host(), ['mail01']);
    expect(findings).toEqual([]);
    expect(source).toBe('VMware ESXi 8.0.3 build-24022515');
    expect(vms[0]?.path).toBe('/ha-datacenter/vm/mail01');
    expect(vms[0]?.disks.map(({ data }) => data)).toEqual([BOOT, [LUNS.FAST_MAIL], [LUNS.FAST_LOG]]);
  });
});

needs('vcsim')('a vCenter with 2,000 VMs', () => {
  const vcsim = serving(largeWorld(2_000));

  test('one of them is found and resolved, page by page, and the others are told as captured too', async () => {
    const { vms, datastores, findings } = await read(vcsim(), ['vm01234', 'mail01'], 100);
    expect(findings).toEqual([]);
    expect(vms.map(({ path }) => path)).toEqual([
      '/Rechenzentrum Süd/vm/Folder 34/vm01234',
      '/Rechenzentrum Süd/vm/Mail/mail01',
    ]);
    expect(datastores.find(({ name }) => name === 'VMFS-BOOT')?.vms).toHaveLength(2_004);
  });
});

function govc(vcsim: Vcsim, ...args: readonly string[]): string {
  return execFileSync('govc', args, {
    encoding: 'utf8',
    timeout: 20_000,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      GOVC_URL: vcsim.url,
      GOVC_USERNAME: vcsim.username,
      GOVC_PASSWORD: vcsim.password,
      GOVC_INSECURE: 'true',
      GOVC_PERSIST_SESSION: 'false',
    },
  });
}

/** As an administrator does it, or an idle limit. */
function endSessions(vcsim: Vcsim): void {
  const sessions: unknown = JSON.parse(govc(vcsim, 'session.ls', '-json'));
  for (const key of sessionKeys(sessions)) {
    try {
      govc(vcsim, 'session.rm', key);
    } catch {
      // govc's own session of the listing has ended by now.
    }
  }
}

function sessionKeys(listing: unknown): readonly string[] {
  const text = JSON.stringify(listing);
  return [...text.matchAll(/"[Kk]ey":"([^"]+)"/g)].map((match) => match[1] ?? '');
}
