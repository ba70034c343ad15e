import { existsSync, readFileSync, rmSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { systemClock } from '../../src/base/clock.ts';
import { deadline } from '../../src/base/deadline.ts';
import { Secret } from '../../src/base/secret.ts';
import { schemaText } from '../../src/cli/commands/schema.ts';
import { makes } from '../../src/cli/makes.ts';
import { TWO_TIERS, twoTierTable } from '../../src/demo/two-tier.ts';
import { type SmallWorld, startWorld } from '../../src/demo/world.ts';
import { placementReader } from '../../src/inventory/reader.ts';
import { readTopology } from '../../src/topology/read.ts';
import { patient } from '../patience.ts';

const budget = () => deadline(systemClock, patient(20_000), 'the test');

describe('the small world', () => {
  let world: SmallWorld;
  beforeAll(async () => {
    world = await startWorld(TWO_TIERS);
  });
  afterAll(async () => {
    await world.close();
    rmSync(world.folder, { recursive: true });
  });

  test('is described by a topology without a finding, and valid by its schema', async () => {
    const { findings } = await readTopology(world.topology, makes, { env: {} });
    expect(findings).toEqual([]);
    const valid = new Ajv2020({ strict: true, strictRequired: false, strictTuples: false }).compile(
      JSON.parse(schemaText(makes)),
    );
    expect(valid(parse(readFileSync(world.topology, 'utf8'))) ? [] : valid.errors).toEqual([]);
  });

  test('is what examples/demo.yaml shows, but for ports, keys and folder', () => {
    const example = readFileSync(new URL('../../examples/demo.yaml', import.meta.url), 'utf8');
    const own = (text: string, folder: string): unknown =>
      parse(
        text
          .replaceAll(folder, 'FOLDER')
          .replace(/https:.*\/sdk/, 'URL')
          .replaceAll(/port: \d+/g, 'port: 1')
          .replaceAll(/"?SHA256:[\w+/:]+"?/g, 'KEY'),
      );
    expect(own(readFileSync(world.topology, 'utf8'), world.folder)).toEqual(own(example, '/tmp/stillpoint-demo'));
  });

  test('tells our own reader where every disk lies', async () => {
    const password = readFileSync(`${world.folder}/vcenter-password`, 'utf8').trim();
    const reader = await placementReader(
      {
        url: world.vcenter.url,
        username: 'reader@demo.example',
        password: new Secret(password),
        tls: { fingerprint: world.vcenter.certificate.fingerprint.replace(/^SHA256:|:/g, '').toLowerCase() },
      },
      { clock: systemClock, environment: {}, pageObjects: 1 },
      budget(),
    );
    try {
      const { vms, findings } = await reader.read(
        twoTierTable.vms.map(({ name }) => ({ vm: name, wanted: name })),
        budget(),
      );
      expect(findings).toEqual([]);
      expect(vms.map(({ vm, path }) => [vm, path])).toEqual([
        ['mail01', '/DC1/vm/Production/mail01'],
        ['db01', '/DC1/vm/Production/db01'],
        ['app01', '/DC1/vm/Production/app01'],
      ]);
      const [boot, data] = twoTierTable.luns;
      expect(vms[0]?.disks).toMatchObject([
        { address: 'scsi0:0', kind: 'vmfs', data: [boot?.naa], metadata: [] },
        { address: 'scsi0:1', kind: 'rdm-physical', data: [data?.naa], metadata: [boot?.naa] },
      ]);
    } finally {
      await reader.close();
    }
    expect(world.vcenter.sessions()).toBe(0);
  });

  test('leaves no server behind when it is closed, and keeps its folder', async () => {
    const other = await startWorld(TWO_TIERS);
    await other.close();
    await expect(fetch(other.vcenter.url)).rejects.toThrow();
    expect(existsSync(other.topology)).toBe(true);
    rmSync(other.folder, { recursive: true });
  });
});
