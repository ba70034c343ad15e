import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { LUNS, standardWorld, stretchedWorld } from '../../fixtures/world-table.ts';
import { needs } from '../../needs.ts';
import { startVcsim, type Vcsim } from '../vcsim/start.ts';
import { start } from './kit/cli.ts';
import { LAB } from './kit/needs.ts';
import { manifestIn } from './kit/papers.ts';
import { SYSTEM_PATH } from './kit/shims.ts';
import { type EndToEnd, openWorld } from './kit/world.ts';

needs(...LAB)('a second disk that nobody holds, on a third array', () => {
  let world: EndToEnd;
  let topology: string;

  beforeAll(async () => {
    world = await openWorld([
      {
        name: 'files01',
        disks: [
          { address: 'scsi0:0', mount: '/', array: 'beta' },
          { address: 'scsi0:1', mount: '/mnt/a', array: 'alpha' },
          { address: 'scsi0:2', mount: '/mnt/c', array: 'gamma' },
        ],
      },
    ]);
    const vms = ['files01'];
    topology = world.topology('files', {
      vms: {
        files01: {
          quiesce: { method: 'fsfreeze', mounts: ['/mnt/a'] },
          disks: { 'scsi0:0': '/', 'scsi0:1': '/mnt/a', 'scsi0:2': { mount: '/mnt/c', require: 'crash' } },
        },
      },
      groups: { unproven: { vms, require: 'unproven' }, default: { vms }, filesystem: { vms, require: 'filesystem' } },
    });
  });
  afterAll(() => world?.close());

  test.each(['default', 'filesystem'])('is refused in the plan, and nothing is touched (%s)', async (group) => {
    const plan = await world.run(['plan', group, '-t', topology]);
    expect(plan.exit, plan.stderr).toBe(3);
    expect(plan.stdout.replace(/\s+/g, ' ')).toContain(
      'a run can prove `unproven` at best, and `filesystem` is required',
    );
    const run = await world.run(['snapshot', group, '-t', topology]);
    expect(run.exit, run.stderr).toBe(4);
    expect(run.stderr.replace(/\s+/g, ' ')).toMatch(
      /error: group \S+: a run can prove `unproven` at best.* no proved hold covers files01 scsi0:0, files01 scsi0:2, and 2 snapshots/,
    );
    expect(run.stderr).not.toContain('preparing the arrays');
    for (const array of ['alpha', 'beta', 'gamma'] as const) expect(world.snapshotsOn(array)).toEqual([]);
  });

  test('makes a weak set, `unproven`, where the topology asks for no more', async () => {
    const paper = join(world.lab.folder, 'unproven.json');
    const run = await world.run(['snapshot', 'unproven', '-t', topology, '--manifest', paper]);
    expect(run.exit, run.stderr).toBe(3);
    expect(run.stdout).toMatch(/^unproven-\S+ {2}unproven {2}weak {2}window .* {2}3 arrays {2}3 volumes\n$/);
    expect(manifestIn(paper, run.stderr).state).toBe('weak');
    const status = await world.run(['status', 'unproven', '-t', topology]);
    expect(status.exit).toBe(3);
    expect(status.stdout).toMatch(/no set yet\n.*1 weak set/);
  });
});

const planned = z.object({
  disks: z.array(
    z.object({
      ref: z.object({ vm: z.string(), disk: z.string() }),
      kind: z.string(),
      volumes: z.array(z.object({ array: z.string(), name: z.string() })),
    }),
  ),
  findings: z.array(z.object({ code: z.string(), subject: z.string() })),
});

/** The table's own arrays, spoken to by commands: each cuts all of its volumes at one instant. */
const VOLUMES = {
  fast: { mail_db: { naa: LUNS.FAST_MAIL }, mail_log: { naa: LUNS.FAST_LOG } },
  bulk: {
    vmfs_boot_1: { naa: LUNS.BULK_BOOT_1 },
    vmfs_boot_2: { naa: LUNS.BULK_BOOT_2 },
    vmfs_gold: { naa: LUNS.BULK_GOLD },
  },
  other: { extent: { naa: LUNS.OTHER_EXTENT }, Ablage: { nfs: 'filer.test:/vol/Ablage' } },
} as const;
const SCRIPT = fileURLToPath(new URL('../../wire/command-driver-array.sh', import.meta.url));
const PRINTER = 'Büro/Drucker 100%';

needs(...LAB)('an inventory with everything in it, served by vcsim', () => {
  let lab: EndToEnd['lab'];
  let world: EndToEnd;
  beforeAll(async () => {
    world = await openWorld([]);
    lab = world.lab;
  });
  afterAll(() => world?.close());

  for (const { name, table, plans } of [
    { name: 'standard', table: standardWorld, plans: true },
    { name: 'stretched', table: stretchedWorld, plans: false },
  ]) {
    describe(name, () => {
      let vcsim: Vcsim;
      let folder: string;
      beforeAll(async () => {
        vcsim = await startVcsim({ table, through: lab.inController });
        folder = join(lab.folder, name);
        mkdirSync(folder);
        writeFileSync(join(folder, 'stillpoint.yaml'), stringify(topologyOf(vcsim, folder)));
      });
      afterAll(() => vcsim?.stop());

      const stillpoint = (...args: readonly string[]) => {
        const env = { PATH: SYSTEM_PATH, STILLPOINT_HOME: join(folder, 'home'), LAB_PASSWORD: vcsim.password };
        return start(args, { cwd: folder, env, through: lab.inController }).ended;
      };

      if (plans) {
        test('every disk is resolved to its volumes: VMFS, raw disks of both kinds, a linked clone, NFS, odd names', async () => {
          const { exit, stdout, stderr } = await stillpoint('plan', 'all', '--json');
          expect(exit, stderr).toBe(0);
          const { disks, findings } = planned.parse(JSON.parse(stdout));
          expect(findings).toEqual([]);
          const boot = ['bulk: vmfs_boot_1', 'bulk: vmfs_boot_2'];
          expect(
            disks.map(({ ref, kind, volumes }) => [
              `${ref.vm} ${ref.disk}`,
              kind,
              volumes.map((volume) => `${volume.array}: ${volume.name}`),
            ]),
          ).toEqual([
            ['mail01 scsi0:0', 'vmfs', boot],
            ['mail01 scsi0:1', 'rdm-physical', ['fast: mail_db']],
            ['mail01 scsi1:0', 'rdm-virtual', ['fast: mail_log']],
            ['web01 nvme0:0', 'vmfs', [...boot, 'bulk: vmfs_gold']],
            ['web01 sata0:3', 'nfs', ['other: Ablage']],
            [`${PRINTER} ide1:0`, 'nfs', ['other: Ablage']],
          ]);
        });
        return;
      }

      test('a datastore with extents on two arrays is refused, by name, and nothing is touched', async () => {
        const plan = await stillpoint('plan', 'all', '--json');
        expect(plan.exit, plan.stderr).toBe(4);
        expect(planned.parse(JSON.parse(plan.stdout)).findings.map(({ code, subject }) => [code, subject])).toEqual([
          ['plan.extents-apart', 'datastore VMFS-BOOT'],
        ]);
        const { exit, stderr } = await stillpoint('snapshot', 'all');
        expect(exit).toBe(4);
        const said = stderr.replace(/\s+/g, ' ');
        expect(said).toContain('error: datastore VMFS-BOOT: its extents (bulk: vmfs_boot_1, other: extent)');
        expect(said).not.toContain('preparing the arrays');
        for (const array of Object.keys(VOLUMES)) expect(readdirSync(join(folder, array, 'snapshots'))).toEqual([]);
      });
    });
  }
});

function topologyOf(vcsim: Vcsim, folder: string): unknown {
  const { url, username, certificate } = vcsim;
  return {
    version: 1,
    vsphere: { url, username, password: { env: 'LAB_PASSWORD' }, tls: { fingerprint: certificate.fingerprint } },
    arrays: Object.fromEntries(
      Object.entries(VOLUMES).map(([array, volumes]) => {
        const own = join(folder, array);
        for (const below of ['', 'volumes', 'snapshots']) mkdirSync(join(own, below));
        for (const volume of Object.keys(volumes)) writeFileSync(join(own, 'volumes', volume), '');
        const run = (...words: readonly unknown[]) => ['sh', SCRIPT, own, '-', ...words];
        const settings = {
          driver: 'command',
          local: true,
          answers: 'cut',
          snapshot: { run: run('snapshot', { each: '<volume>@<snapshot>' }) },
          find: { run: run('find'), row: '^(?<id>\\d+) (?<unixtime>\\d+) (?<volume>.+)@(?<snapshot>\\S+)$' },
          remove: { run: run('remove', '<volume>@<snapshot>'), gone: 'No such file' },
          list: { run: run('list'), row: '^(?<size>\\d+) (?<volume>.+)$' },
        };
        return [array, settings];
      }),
    ),
    volumes: Object.fromEntries(
      Object.entries(VOLUMES).flatMap(([array, volumes]) =>
        Object.entries(volumes).map(([volume, device]) => [volume, { array, ...device }]),
      ),
    ),
    defaults: { quiesce: 'none' },
    vms: { mail01: {}, web01: {}, [PRINTER]: {} },
    groups: { all: { vms: ['mail01', 'web01', PRINTER], require: 'unproven' } },
  };
}
