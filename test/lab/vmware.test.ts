import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { type Deadline, deadline } from '../../src/base/deadline.ts';
import { Secret } from '../../src/base/secret.ts';
import { readerOf } from '../../src/inventory/reader.ts';
import type { MethodParts } from '../../src/outside.ts';
import type { Guest } from '../../src/ports.ts';
import { vmwareSettings } from '../../src/quiesce/vmware/config.ts';
import { vmware } from '../../src/quiesce/vmware/method.ts';
import { connectVsphere, type Vsphere } from '../../src/vsphere/client.ts';
import { connectionOf } from '../../src/vsphere/settings.ts';
import { type SnapshotterSubject, snapshotterSuite } from '../contract/snapshotter-suite.ts';
import { nowhere } from '../fixtures/outside.ts';
import { standardWorld } from '../fixtures/world-table.ts';
import { needs } from '../needs.ts';
import { startVcsim, type Vcsim } from './vcsim/start.ts';

const VM = 'web01';
/** How govc marks the state that the VM runs on. */
const CURRENT = '.';

/** The method against a vCenter that nobody here wrote; what really stands there, govc says. */
async function subject(): Promise<SnapshotterSubject> {
  const vcsim = await startVcsim({ table: standardWorld });
  const limit = deadline(systemClock, 60_000, 'the test');
  const vsphere = await login(vcsim, limit);
  const reader = readerOf(async () => vsphere, { clock: systemClock });
  const placement = async (limited: Deadline) => {
    const [vm] = (await reader.read([{ vm: VM, wanted: VM }], limited)).vms;
    if (vm === undefined) throw new Error(`vcsim shows no ${VM}`);
    return vm;
  };
  const parts: MethodParts = { ...nowhere(systemClock), vsphere: async () => vsphere, placement, excluded: new Set() };
  const guest: Guest = {
    vm: VM,
    told: new Map(),
    loginless: true,
    connect: () => Promise.reject(new Error('there is no login')),
  };
  const { instanceUuid, path } = await placement(limit);
  const govc = (...argv: readonly string[]): string =>
    execFileSync('govc', argv, { encoding: 'utf8', env: govcEnvironment(vcsim) });
  return {
    clock: systemClock,
    snapshotter: () => vmware(vmwareSettings.parse({}), parts),
    guest,
    identity: { vm: VM, instanceUuid },
    names: async () =>
      govc('snapshot.tree', '-vm', path)
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '' && line !== CURRENT),
    takeByHand: async (name) => void govc('snapshot.create', '-vm', path, '-m=false', name),
    async close() {
      limit.done();
      await vsphere.close();
      await vcsim.stop();
    },
  };
}

function login(vcsim: Vcsim, limit: Deadline): Promise<Vsphere> {
  const fingerprint = vcsim.certificate.fingerprint.replace(/^SHA256:|:/g, '').toLowerCase();
  const { url, username, password } = vcsim;
  return connectVsphere(
    connectionOf({ url, username, password: new Secret(password), tls: { fingerprint } }, {}),
    limit,
  );
}

function govcEnvironment({ url, username, password }: Vcsim): NodeJS.ProcessEnv {
  return {
    ...process.env,
    GOVC_URL: url,
    GOVC_USERNAME: username,
    GOVC_PASSWORD: password,
    GOVC_INSECURE: '1',
    GOVC_PERSIST_SESSION: 'false',
  };
}

needs('vcsim', 'govc')('VMware snapshots on vcsim', () => {
  snapshotterSuite(subject);

  test('without a login to a Linux guest its snapshot is worth crash, and the reason is said', async () => {
    const one = await subject();
    const limit = deadline(systemClock, 60_000, 'the test');
    const report = await one.snapshotter().probe(one.guest, limit);
    expect(report.gives).toBe('crash');
    expect(report.findings.map(({ code }) => code)).toContain('vmware.not-proved');
    limit.done();
    await one.close();
  });
});
