import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseTopology, readTopology } from '../../../src/topology/read.ts';
import type { Topology } from '../../../src/topology/topology.ts';
import { someMakes } from './makes.ts';

const GOOD = `version: 1
vsphere:
  url: https://vcenter.corp.example/sdk
  username: { env: VC_USER }
  password: { file: secrets/vc }
  tls: { fingerprint: "SHA256:${'AB:'.repeat(31)}AB" }
state: state
arrays:
  fast: { driver: pure, url: https://fa1.corp.example, token: { env: FA_TOKEN } }
  bulk: { driver: btrfs, root: /srv/luns, ssh: { host: { env: BULK }, key: keys/id, password: { command: [./ask, bulk] } } }
tiers:
  tier-1: { arrays: [fast], expect: [rdm] }
  tier-2: { arrays: [bulk] }
volumes:
  tank/db01: { array: bulk, naa: naa.6589CFC0000006F1C0B2A3D4E5F60718, rdm: true }
  export: { prefer: fast, nfs: "[fd00::1]:/vol/a", name: vol-a, vmfs: BOOT }
x-freeze: &freeze { method: fsfreeze, mounts: auto }
defaults:
  ssh: &login { user: stillpoint, key: ~/.ssh/id_ed25519, knownHosts: known_hosts }
  quiesce: *freeze
vms:
  mail01: { ssh: { host: mail01.corp.example } }
  10: { vm: /DC1/vm/ten, ssh: { <<: *login, host: ten, user: root }, boot: hold, quiesce: none }
  db01:
    ssh: { host: db01 }
    quiesce: [{ method: script, hold: [/bin/hold], release: [/bin/release] }, fsfreeze]
    exclude: [{ disk: "scsi0:2", because: scratch }]
    disks: { "scsi0:1": /srv/db, "scsi0:3": { require: crash } }
    encrypted: accepted
    allow: [vmware-snapshot]
  9: { quiesce: none }
groups:
  mail:
    vms: [mail01, "10", { vm: db01, after: [mail01, "10"] }, { vm: "9", optional: true }]
    window: 8s
    require: filesystem
    keep: { last: 14 }
    maxAge: 26h
    weak: remove
    instant: group
  hr: { vms: [mail01] }
`;

const env = { VC_USER: 'svc', BULK: 'bulk.corp.example' };

describe('a good topology', () => {
  const topology = read(GOOD);

  it('has no findings', () => {
    expect(parseTopology(GOOD, '/etc/stillpoint/stillpoint.yaml', someMakes, { env }).findings).toEqual([]);
  });

  it('keeps secrets as references, and fills variables into other text', () => {
    expect(topology.vsphere).toEqual({
      url: 'https://vcenter.corp.example/sdk',
      username: 'svc',
      password: { file: '/etc/stillpoint/secrets/vc' },
      tls: { fingerprint: 'ab'.repeat(32) },
    });
    expect(topology.arrays.get('fast')).toEqual({
      id: 'fast',
      driver: 'pure',
      settings: { url: 'https://fa1.corp.example', token: { env: 'FA_TOKEN' } },
    });
  });

  it('takes paths from its own folder, and ~ from the home of who runs it', () => {
    expect(topology.file).toBe('/etc/stillpoint/stillpoint.yaml');
    expect(topology.state).toBe('/etc/stillpoint/state');
    expect(topology.arrays.get('bulk')?.settings).toEqual({
      root: '/srv/luns',
      ssh: {
        host: 'bulk.corp.example',
        key: '/etc/stillpoint/keys/id',
        password: { command: ['/etc/stillpoint/ask', 'bulk'] },
      },
    });
    expect(topology.vms.get('mail01')?.ssh).toEqual({
      host: 'mail01.corp.example',
      user: 'stillpoint',
      key: `${homedir()}/.ssh/id_ed25519`,
      knownHosts: '/etc/stillpoint/known_hosts',
    });
  });

  it('keeps names as they are written and in the order of the file', () => {
    expect([...topology.vms.keys()]).toEqual(['mail01', '10', 'db01', '9']);
    expect(topology.groups.get('mail')?.members.map(({ vm }) => vm)).toEqual(['mail01', '10', 'db01', '9']);
  });

  it('merges the login of the defaults key by key and replaces the rest whole', () => {
    expect(topology.vms.get('mail01')).toMatchObject({
      wanted: 'mail01',
      quiesce: [{ method: 'fsfreeze', settings: { mounts: 'auto' } }],
      boot: 'crash',
      exclude: [],
      encrypted: 'refused',
      allow: [],
    });
    expect(topology.vms.get('10')).toMatchObject({
      wanted: '/DC1/vm/ten',
      ssh: { host: 'ten', user: 'root', key: `${homedir()}/.ssh/id_ed25519` },
      quiesce: [{ method: 'none', settings: {} }],
      boot: 'hold',
    });
  });

  it('gives a VM without a host no login', () => {
    expect(topology.vms.get('9')).not.toHaveProperty('ssh');
  });

  it('gives every fact of a VM', () => {
    const db01 = topology.vms.get('db01');
    expect(db01).toMatchObject({
      quiesce: [
        { method: 'script', settings: { hold: ['/bin/hold'], release: ['/bin/release'] } },
        { method: 'fsfreeze', settings: {} },
      ],
      exclude: [{ disk: 'scsi0:2', because: 'scratch' }],
      encrypted: 'accepted',
      allow: ['vmware-snapshot'],
    });
    expect([...(db01?.disks ?? [])]).toEqual([
      ['scsi0:1', { mount: '/srv/db' }],
      ['scsi0:3', { require: 'crash' }],
    ]);
  });

  it('gives tiers, and volumes by their device', () => {
    expect([...topology.tiers.values()]).toEqual([
      { name: 'tier-1', arrays: ['fast'], expect: ['rdm'] },
      { name: 'tier-2', arrays: ['bulk'], expect: [] },
    ]);
    expect(topology.volumes).toEqual([
      {
        name: 'tank/db01',
        array: 'bulk',
        rdm: true,
        device: { kind: 'lun', id: 'naa.6589cfc0000006f1c0b2a3d4e5f60718' },
      },
      { name: 'vol-a', prefer: 'fast', vmfs: 'BOOT', device: { kind: 'nfs', server: 'fd00::1', path: '/vol/a' } },
    ]);
  });

  it('gives a group with its times in milliseconds, and leaves out what the plan computes', () => {
    expect(topology.groups.get('mail')).toEqual({
      name: 'mail',
      members: [
        { vm: 'mail01', after: [], optional: false },
        { vm: '10', after: [], optional: false },
        { vm: 'db01', after: ['mail01', '10'], optional: false },
        { vm: '9', after: [], optional: true },
      ],
      windowMs: 8000,
      longWindow: false,
      require: 'filesystem',
      keep: { last: 14 },
      maxAgeMs: 26 * 3_600_000,
      weak: 'remove',
      instant: 'group',
    });
    expect(topology.groups.get('hr')).toEqual({
      name: 'hr',
      members: [{ vm: 'mail01', after: [], optional: false }],
      windowMs: 10_000,
      longWindow: false,
      weak: 'keep',
    });
  });
});

describe('reading', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-read-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('says of a file that is not there how to begin', async () => {
    const { findings } = await readTopology(join(folder, 'none.yaml'), someMakes);
    expect(findings).toMatchObject([{ code: 'topology.not-there', hint: expect.stringContaining('stillpoint init') }]);
  });

  it('says of a folder that it is one', async () => {
    const { findings } = await readTopology(folder, someMakes);
    expect(findings).toMatchObject([{ code: 'topology.not-readable', message: expect.stringContaining('folder') }]);
  });

  it('reads a file with Windows line ends and a byte order mark like any other', async () => {
    const path = join(folder, 'stillpoint.yaml');
    writeFileSync(path, `\uFEFF${GOOD.replaceAll('\n', '\r\n')}`);
    const { topology, findings } = await readTopology(path, someMakes, { env });
    expect(findings).toEqual([]);
    expect(topology?.vms.size).toBe(4);
  });

  it('never takes a password of a URL or a literal one into the text of a place', () => {
    const broken = GOOD.replace('{ file: secrets/vc }', 'hunter2').replace('https://fa1', 'https://a:hunter2@fa1');
    const { findings } = parseTopology(broken, 'stillpoint.yaml', someMakes, { env });
    expect(findings.map(({ code }) => code)).toEqual(['topology.literal-secret', 'topology.literal-secret']);
    expect(JSON.stringify(findings)).not.toContain('hunter2');
  });

  it('shows no secret under a key that is none here, however it is called', () => {
    for (const key of ['pwd', 'pass', 'apiKey', 'secret_key', 'access-key', 'credentials']) {
      const broken = GOOD.replace('{ file: secrets/vc }', `{ file: secrets/vc }\n  ${key}: hunter2`);
      const { findings } = parseTopology(broken, 'stillpoint.yaml', someMakes, { env });
      expect(findings, key).not.toEqual([]);
      expect(JSON.stringify(findings), key).not.toContain('hunter2');
    }
  });

  it('finds a literal secret that an alias brings, where it stands', () => {
    const text = GOOD.replace('{ file: secrets/vc }', '*word').replace(
      'version: 1',
      'version: 1\nx-word: &word hunter2',
    );
    const { findings } = parseTopology(text, 'stillpoint.yaml', someMakes, { env });
    expect(findings).toMatchObject([{ code: 'topology.literal-secret', at: { line: 2, text: 'x-word: &word ***' } }]);
  });

  it('takes a hundred and fifty aliases of one anchor', () => {
    const vms = Array.from({ length: 150 }, (_, index) => `  vm${index}: { ssh: { <<: *login, host: h } }\n`).join('');
    const { findings } = parseTopology(GOOD.replace('vms:\n', `vms:\n${vms}`), 'stillpoint.yaml', someMakes, { env });
    expect(findings.map(({ code }) => code)).toEqual(['topology.in-no-group']);
  });
});

function read(text: string): Topology {
  const { topology, findings } = parseTopology(text, '/etc/stillpoint/stillpoint.yaml', someMakes, { env });
  if (topology === undefined) throw new Error(JSON.stringify(findings));
  return topology;
}
