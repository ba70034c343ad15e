import { describe, expect, test } from 'vitest';
import { Fault } from '../../../src/base/fault.ts';
import { BOOT, bootDisk, DATA, dataDisk, OTHER, plan, probe, stopCodes, unitOf, volume, yaml } from './fixture.ts';

const GIB = 1n << 30n;

describe('a plan', () => {
  test('of data held on one array and `/` free on another reaches filesystem, with the boot disk named', () => {
    const made = plan();
    expect(made.findings).toEqual([]);
    expect(made).toMatchObject({ best: 'filesystem', require: 'filesystem', alsoCaptured: ['web07'] });
    expect(
      made.disks.map(({ ref, cover, because, boot, tier }) => ({ disk: ref.disk, cover, because, boot, tier })),
    ).toEqual([
      { disk: 'scsi0:0', cover: 'free', because: 'boot disk', boot: true, tier: 'tier-2' },
      { disk: 'scsi0:1', cover: 'held', because: undefined, boot: false, tier: 'tier-1' },
    ]);
    expect(made.guests[0]?.stages).toEqual([
      {
        method: 'fsfreeze',
        gives: 'filesystem',
        covers: [{ vm: 'mail01', disk: 'scsi0:1' }],
        watches: ['sdb'],
        holds: ['/srv/mail'],
      },
    ]);
  });

  test('of two stages that cover one disk: its writes are counted by the last, whose own freeze would be one; lending is told', () => {
    const stillBefore = { ...probe, method: 'script', gives: 'application' as const };
    const pause = { ...stillBefore, lends: true as const, uses: probe.uses.map((use) => ({ ...use, held: false })) };
    const { guests } = plan({ change: { probes: new Map([['mail01', [pause, stillBefore, probe]]]) } });
    expect(guests[0]?.stages.map(({ covers, watches, lends }) => [covers.length, watches, lends])).toEqual([
      [0, [], true],
      [1, [], undefined],
      [1, ['sdb'], undefined],
    ]);
  });

  test('demands what a group requires by itself: a second free disk elsewhere is refused, or taken as unproven when asked', () => {
    const third = { ...dataDisk, address: 'scsi0:2', key: 2002, data: [OTHER], metadata: [] };
    const volumes = new Map([
      [DATA, volume('fast', 'mail_db')],
      [BOOT, volume('bulk', 'vmfs_boot')],
      [OTHER, volume('fast', 'scratch')],
    ]);
    const vm = { disks: [bootDisk, dataDisk, third] };
    const accepted = ', disks: { "scsi0:2": { require: crash } }';
    expect(stopCodes({ yaml: yaml(accepted), vm, volumes })).toEqual(['plan.weaker-than-required']);
    expect(plan({ yaml: yaml(accepted), vm, volumes }).best).toBe('unproven');
    expect(stopCodes({ yaml: yaml(accepted, ', require: unproven'), vm, volumes })).toEqual([]);
  });

  test('a disk that nothing covers stops it, and the ways out are named', () => {
    const finding = plan({
      probe: {
        uses: [
          { what: '/', kind: 'mount', fsType: 'ext4', disks: ['sda'], held: false },
          { what: '/srv/mail', kind: 'mount', fsType: 'xfs', disks: ['sdb'], held: false },
        ],
      },
    }).findings.find(({ code }) => code === 'plan.disk-not-held');
    expect(finding).toMatchObject({ subject: 'mail01 scsi0:1', message: '/srv/mail (xfs) on it is not held' });
    expect(finding?.hint).toContain('mounts: [/srv/mail]');
    expect(finding?.hint).toContain('"scsi0:1": { require: crash }');
  });

  test('a disk is covered only if all its uses are: swap beside a held file system is not', () => {
    const uses = [...probe.uses, { what: 'swap on sdb2', kind: 'swap' as const, disks: ['sdb'], held: false }];
    const made = plan({ probe: { uses } });
    expect(made.findings.map(({ code }) => code)).toContain('plan.disk-not-held');
    expect(made.findings.find(({ code }) => code === 'plan.disk-not-held')?.message).toBe(
      'swap on sdb2 on it is not held',
    );
  });

  test('a disk that carries nothing known is not covered', () => {
    expect(stopCodes({ probe: { uses: probe.uses.slice(0, 1) } })).toEqual(['plan.disk-not-held']);
  });

  test('`boot: hold` demands the disk of / held', () => {
    expect(stopCodes({ yaml: yaml(', boot: hold') })).toContain('plan.disk-not-held');
  });

  test('an excluded disk needs no array and no hold', () => {
    const made = plan({
      yaml: yaml(', exclude: [{ disk: "scsi0:1", because: scratch }]'),
      probe: { uses: [{ what: '/', kind: 'mount', disks: ['sda'], held: true }] },
    });
    expect(made.disks.map(({ ref }) => ref.disk)).toEqual(['scsi0:0']);
    expect(made.guests[0]?.excluded).toEqual([{ disk: 'scsi0:1', because: 'scratch' }]);
  });

  test('a guest that shows no identity is matched by what the topology says, or stops the plan', () => {
    const disks = [{ name: 'loop0' }, { name: 'loop1' }];
    const uses = [
      { what: '/', kind: 'mount' as const, disks: ['loop0'], held: false },
      { what: '/srv/mail', kind: 'mount' as const, disks: ['loop1'], held: true },
    ];
    expect(stopCodes({ probe: { disks, uses } })).toContain('plan.disk-unmatched');
    expect(
      stopCodes({ yaml: yaml(', disks: { "scsi0:0": /, "scsi0:1": /srv/mail }'), probe: { disks, uses } }),
    ).toEqual([]);
    expect(
      stopCodes({ yaml: yaml(', disks: { "scsi0:0": /, "scsi0:1": /srv/nowhere }'), probe: { disks, uses } }),
    ).toContain('plan.no-such-mount');
  });

  test('by SCSI address a disk is matched only where nothing can be mistaken', () => {
    const at = (target: number, sizeBytes: bigint, host = 2) => ({
      name: `sd${target}`,
      scsi: { host, target, lun: 0 },
      sizeBytes,
    });
    const uses = [
      { what: '/', kind: 'mount' as const, disks: ['sd0'], held: false },
      { what: '/srv/mail', kind: 'mount' as const, disks: ['sd1'], held: true },
    ];
    expect(stopCodes({ probe: { disks: [at(0, 40n * GIB), at(1, 100n * GIB)], uses } })).toEqual([]);
    expect(stopCodes({ probe: { disks: [at(0, 40n * GIB), at(1, 99n * GIB)], uses } })).toContain(
      'plan.disk-unmatched',
    );
    expect(stopCodes({ probe: { disks: [at(0, 40n * GIB), at(1, 100n * GIB, 3)], uses } })).toContain(
      'plan.disk-unmatched',
    );
  });

  test('a mounted device that is none of the VM’s disks is said', () => {
    const uses = [...probe.uses, { what: '/mnt/iscsi', kind: 'mount' as const, disks: ['sdz'], held: true }];
    expect(plan({ probe: { uses } }).findings).toMatchObject([{ code: 'plan.foreign-disk', severity: 'warning' }]);
  });

  test('a file system that lies partly on a disk that is left out, or on none of the VM’s, stops it, though it is held', () => {
    const third = { ...bootDisk, address: 'scsi0:2', key: 2002, uuid: '6000c29c-0000-0000-0000-00000000002c' };
    const vm = { disks: [bootDisk, dataDisk, third] };
    const disks = [...probe.disks, { name: 'sdc', serial: '6000c29c00000000000000000000002c' }];
    const spanning = (...on: readonly string[]) => [
      { what: '/', kind: 'mount' as const, disks: ['sda'], held: false },
      { what: '/srv/mail', kind: 'mount' as const, fsType: 'xfs', disks: on, held: true },
    ];
    const without = yaml(', exclude: [{ disk: "scsi0:2", because: scratch }]');
    const excluded = { yaml: without, vm, probe: { disks, uses: spanning('sdb', 'sdc') } };
    expect(stopCodes(excluded)).toEqual(['plan.spans-outside']);
    expect(plan(excluded).findings.find(({ code }) => code === 'plan.spans-outside')?.message).toBe(
      '/srv/mail (xfs) lies partly on sdc, which is scsi0:2, excluded: the set would contain only a part of it',
    );
    expect(stopCodes({ vm, probe: { disks, uses: spanning('sdb', 'sdc') } })).toEqual([]);
    const foreign = { probe: { uses: spanning('sdb', 'nvme7n1') } };
    expect(stopCodes(foreign)).toEqual(['plan.spans-outside']);
    expect(plan(foreign).findings.at(-1)?.message).toContain('nvme7n1, which is none of the VM’s disks');
    const apart = [...spanning('sdb'), { what: '/scratch', kind: 'mount' as const, disks: ['sdc'], held: false }];
    expect(stopCodes({ yaml: without, vm, probe: { disks, uses: apart } })).toEqual([]);
  });

  test('a hold that makes no disk still stops it', () => {
    const uses = [
      { what: '/', kind: 'mount' as const, disks: ['sda'], held: false },
      { what: '/mnt/x', kind: 'mount' as const, disks: ['sdz'], held: true },
    ];
    expect(stopCodes({ probe: { uses } })).toContain('plan.covers-nothing');
  });

  test('extents of one datastore in two cut units stop it', () => {
    const volumes = new Map([
      [DATA, volume('fast', 'mail_db')],
      [BOOT, volume('bulk', 'vmfs_1')],
      [OTHER, volume('bulk', 'vmfs_2')],
    ]);
    expect(stopCodes({ extents: [BOOT, OTHER], volumes })).toContain('plan.extents-apart');
    const both = [...volumes.values()].filter(({ array }) => array === 'bulk');
    const units = [unitOf(volume('fast', 'mail_db')), { array: 'bulk', id: 'group', volumes: both, alsoCaptures: [] }];
    expect(stopCodes({ extents: [BOOT, OTHER], volumes, units })).toEqual([]);
  });

  test('a disk on another tier than its kind is expected on stops it', () => {
    const volumes = new Map([
      [DATA, volume('bulk', 'moved')],
      [BOOT, volume('bulk', 'vmfs_boot')],
    ]);
    const finding = plan({ volumes }).findings[0];
    expect(finding).toMatchObject({ code: 'plan.wrong-tier', subject: 'mail01 scsi0:1' });
    expect(finding?.message).toContain(
      'a RDM disk on bulk: moved, which is of tier-2; the topology expects these on tier-1',
    );
  });

  test('an array that only accepts can prove nothing across two units', () => {
    expect(plan({ traits: { answers: 'accepted' } })).toMatchObject({ best: 'unproven' });
    expect(stopCodes({ traits: { answers: 'accepted' } })).toEqual(['plan.weaker-than-required']);
  });

  test('an array with a write hold of its own covers what no guest holds, and stays one instant with it', () => {
    const made = plan({ traits: { fences: true } });
    expect(made.disks[0]).toMatchObject({ cover: 'fenced', because: 'boot disk' });
    expect(made.arrays.map(({ array, fence }) => [array, fence])).toEqual([
      ['fast', false],
      ['bulk', true],
    ]);
    expect(made.best).toBe('filesystem');
  });

  test('a window that the snapshots do not fit into stops it, and the least that would do is named', () => {
    const finding = plan({ traits: { forecastMs: 7000 } }).findings[0];
    expect(finding).toMatchObject({ code: 'plan.window-too-short', severity: 'error', subject: 'group mail' });
    expect(finding?.message).toContain('leaves 6.8 s before the releases, and the snapshots may take 7 s');
    expect(finding?.hint).toContain('10 s or more');
  });

  test('a guest that cannot be reached stops it; an optional one is cut unheld, aside, and said', () => {
    const unreachable = new Map([
      ['mail01', new Fault({ code: 'ssh.refused', message: 'mail01: connection refused' })],
    ]);
    expect(stopCodes({ probe: null, change: { unreachable } })).toEqual(['ssh.refused']);
    const optional = yaml().replace('vms: [mail01]', 'vms: [{ vm: mail01, optional: true }]');
    expect(plan({ yaml: optional, probe: null, change: { unreachable } }).findings[0]).toMatchObject({
      code: 'ssh.refused',
      severity: 'warning',
    });
  });

  test('its own ground is not held still', () => {
    expect(stopCodes({ change: { ground: { biosUuids: ['4230'], hosts: new Map() } } })).toEqual(['plan.own-ground']);
    const hosts = new Map([['mail01', 'the vCenter itself']]);
    expect(plan({ change: { ground: { biosUuids: [], hosts } } }).findings[0]?.message).toContain('the vCenter itself');
    expect(
      stopCodes({
        yaml: yaml().replace('fsfreeze', 'none'),
        probe: null,
        change: { ground: { biosUuids: ['4230'], hosts } },
      }),
    ).not.toContain('plan.own-ground');
  });

  test('a login that leads to another machine stops it; the byte order of a uuid does not', () => {
    const vm = { biosUuid: '42301a2b-3c4d-5e6f-7081-92a3b4c5d6e7' };
    expect(stopCodes({ vm, probe: { biosUuid: '42309999-3c4d-5e6f-7081-92a3b4c5d6e7' } })).toEqual([
      'plan.other-machine',
    ]);
    for (const biosUuid of [vm.biosUuid, '2b1a3042-4d3c-6f5e-7081-92a3b4c5d6e7']) {
      expect(stopCodes({ vm, probe: { biosUuid } })).toEqual([]);
    }
    expect(stopCodes({ vm })).toEqual([]);
  });

  test('a VM on somebody’s VMware snapshot is refused, or crash at best where that is allowed', () => {
    const vm = { snapshots: [{ name: 'veeam', createdAt: '2026-11-22T01:58:00Z', by: 'svc-veeam' }] };
    const finding = {
      code: 'vsphere.vmware-snapshot',
      severity: 'error' as const,
      subject: 'mail01',
      message: 'runs on a VMware snapshot',
    };
    const scene = (allow: string, require = '') => {
      const text = yaml(allow, require);
      const base = plan({ yaml: text, vm });
      return {
        base,
        stops: stopCodes({ yaml: text, vm, change: { placement: { ...base.placement, findings: [finding] } } }),
      };
    };
    expect(scene('').stops).toContain('vsphere.vmware-snapshot');
    expect(scene(', allow: [vmware-snapshot]', ', require: crash')).toMatchObject({
      base: { best: 'crash' },
      stops: [],
    });
  });

  test('what vSphere says against a disk that is left out does not stop it', () => {
    const finding = {
      code: 'vsphere.vsan',
      severity: 'error' as const,
      subject: 'mail01 scsi0:2',
      message: 'lies on vSAN',
    };
    const stopped = (text: string) => {
      const placement = { ...plan({ yaml: text }).placement, findings: [finding] };
      return stopCodes({ yaml: text, change: { placement } });
    };
    expect(stopped(yaml())).toEqual(['vsphere.vsan']);
    expect(stopped(yaml(', exclude: [{ disk: "scsi0:2", because: scratch }]'))).toEqual([]);
  });

  test('whatever was asked and answered, nothing of the group is left out in silence', () => {
    const whole = plan();
    const { placement } = whole;
    expect(stopCodes({ change: { placement: { ...placement, vms: [] } } })).toEqual(['plan.partial']);
    expect(stopCodes({ units: [unitOf(volume('fast', 'mail_db'))] })).toEqual(['plan.partial']);
    const twice = [volume('fast', 'mail_db'), volume('bulk', 'vmfs_boot')].map(unitOf);
    const again = { ...unitOf(volume('bulk', 'vmfs_boot')), id: 'another' };
    expect(stopCodes({ units: [...twice, again] })).toEqual(['plan.partial']);
    expect(stopCodes({ vm: { disks: [bootDisk, { ...dataDisk, data: [] }] } })).toContain('plan.partial');
  });

  test('what one VM’s settings accept is not accepted of another whose name begins with its name', () => {
    const finding = (subject: string) => ({
      code: 'vsphere.encrypted',
      severity: 'error' as const,
      subject,
      message: 'is encrypted',
    });
    const text = yaml(', encrypted: accepted').replace('groups:', '  "mail01 new": { quiesce: none }\ngroups:');
    const stopped = (subject: string) =>
      stopCodes({ yaml: text, change: { placement: { ...plan().placement, findings: [finding(subject)] } } });
    expect(stopped('mail01')).toEqual([]);
    expect(stopped('mail01 new')).toEqual(['vsphere.encrypted']);
  });

  test('a mount that the topology puts on the wrong disk stops it, where the guest can tell', () => {
    const lies = yaml(', disks: { "scsi0:1": / }');
    expect(stopCodes({ yaml: lies })).toContain('plan.disk-contradicted');
    expect(stopCodes({ yaml: yaml(', disks: { "scsi0:1": /srv/mail }') })).toEqual([]);
  });
});
