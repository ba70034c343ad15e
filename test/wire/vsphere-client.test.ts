import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { deadline } from '../../src/base/deadline.ts';
import { Fault } from '../../src/base/fault.ts';
import { Secret } from '../../src/base/secret.ts';
import type { Trust } from '../../src/transport/tls-settings.ts';
import { connectVsphere, type Vsphere } from '../../src/vsphere/client.ts';
import { patient } from '../patience.ts';
import { page, type Script, type ScriptedServer, soapFault, startScripted, xml } from './vsphere-server.ts';

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function scripted(script: Script = {}): Promise<ScriptedServer> {
  const server = await startScripted(script);
  cleanups.push(() => server.close());
  return server;
}

const PASSWORD = 'corr3ct&<horse>';

async function connect(url: string, trust?: Trust, ms = patient(20_000)): Promise<Vsphere> {
  const limit = deadline(systemClock, ms, 'the test');
  cleanups.push(() => limit.done());
  const base = { url: new URL(url), username: 'reader@test.local', password: new Secret(PASSWORD) };
  const vsphere = await connectVsphere(trust === undefined ? base : { ...base, trust }, limit);
  cleanups.push(() => vsphere.close());
  return vsphere;
}

async function refusal(work: Promise<unknown>): Promise<Fault> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof Fault)) throw new Error(`no Fault but ${String(thrown)}`);
  expect(`${thrown.message} ${thrown.hint} ${JSON.stringify(thrown)}`).not.toContain('corr3ct');
  return thrown;
}

const insecure = { insecure: true } as const;

describe('whom the client believes', () => {
  test('a certificate signed by nobody known is refused, and no request reaches the server', async () => {
    const server = await scripted();
    const fault = await refusal(connect(server.url));
    expect(fault.code).toBe('vsphere.unknown-certificate');
    expect(fault.message).toContain(server.certificate.fingerprint);
    expect(fault.hint).toContain(`tls: { fingerprint: "${server.certificate.fingerprint}" }`);
    expect(server.asked).toEqual([]);
  });

  test('a pinned fingerprint is enough', async () => {
    const server = await scripted();
    const fingerprint = server.certificate.fingerprint.replace('SHA256:', '').replaceAll(':', '').toLowerCase();
    const vsphere = await connect(server.url, { fingerprint });
    expect(vsphere.about).toEqual({ fullName: 'Scripted 1.0', kind: 'vcenter', instanceUuid: 'uuid-1' });
  });

  test('another fingerprint is refused with both, and no request reaches the server', async () => {
    const server = await scripted();
    const fault = await refusal(connect(server.url, { fingerprint: 'ab'.repeat(32) }));
    expect(fault.code).toBe('vsphere.wrong-certificate');
    expect(fault.message).toContain(server.certificate.fingerprint);
    expect(server.asked).toEqual([]);
  });

  function caFile(content: string | undefined): string {
    const folder = mkdtempSync(join(tmpdir(), 'stillpoint-ca-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'ca.pem');
    if (content !== undefined) writeFileSync(path, content);
    return path;
  }

  test('a CA file is believed', async () => {
    const server = await scripted();
    expect((await connect(server.url, { ca: caFile(server.certificate.cert) })).version).toBe('8.0.1.0');
  });

  // Elsewhere loopback has one address, and the certificate is for it.
  test.runIf(process.platform === 'linux')('a certificate for another name is not, whoever signed it', async () => {
    const server = await startScripted({}, '127.0.0.2');
    cleanups.push(() => server.close());
    const fault = await refusal(connect(server.url, { ca: caFile(server.certificate.cert) }));
    expect(fault.code).toBe('vsphere.unknown-certificate');
    expect(fault.message).toContain('for another name');
    expect(server.asked).toEqual([]);
  });

  test.each([
    ['is not there', undefined, 'it cannot be read'],
    ['holds no certificate', 'hello', 'it holds no certificate in PEM'],
  ])('a CA file that %s is said as such', async (_, content, why) => {
    const fault = await refusal(connect('https://127.0.0.1:1/sdk', { ca: caFile(content) }));
    expect(fault.code).toBe('vsphere.ca-file');
    expect(fault.message).toContain(why);
  });
});

describe('what may answer instead of vSphere', () => {
  test('a port where nothing listens', async () => {
    const server = await scripted();
    await server.close();
    const fault = await refusal(connect(server.url, insecure));
    expect(fault.code).toBe('vsphere.refused');
    expect(fault.message).toContain(String(server.port));
  });

  test('a name without an address', async () => {
    expect((await refusal(connect('https://vcenter.invalid/sdk', insecure))).code).toBe('vsphere.unknown-name');
  });

  test('plain HTTP on that port', async () => {
    const plain = createPlainServer((_, response) => response.end('hello'));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => new Promise<void>((resolve) => plain.close(() => resolve())));
    const { port } = plain.address() as AddressInfo;
    const fault = await refusal(connect(`https://127.0.0.1:${port}/sdk`, insecure));
    expect(fault.code).toBe('vsphere.not-tls');
  });

  test('a server that accepts and says nothing ends with the deadline, and leaves no connection behind', async () => {
    const silent = createTcpServer();
    const ended = new Promise<void>((resolve) =>
      silent.on('connection', (socket) => {
        socket.on('error', () => undefined).resume();
        socket.once('close', () => resolve());
      }),
    );
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => new Promise<void>((resolve) => silent.close(() => resolve())));
    const { port } = silent.address() as AddressInfo;
    const fault = await refusal(connect(`https://127.0.0.1:${port}/sdk`, insecure, 300));
    expect(fault.code).toBe('deadline');
    expect(fault.message).toContain(`127.0.0.1:${port}: vimServiceVersions.xml`);
    await ended;
  });

  test('a web page, which is named by its title', async () => {
    const server = await scripted({
      'GET /sdk/vimServiceVersions.xml': () => page(403, '<html><head><title>Proxy:\n access denied</title></head>'),
    });
    const fault = await refusal(connect(server.url, insecure));
    expect(fault.code).toBe('vsphere.not-vsphere');
    expect(fault.message).toContain('a web page, "Proxy: access denied" (HTTP 403)');
  });

  test('a redirect, which is not followed, and whose query is not repeated', async () => {
    const location = 'https://login.test/auth?SAMLRequest=secret';
    const server = await scripted({
      'GET /sdk/vimServiceVersions.xml': () => page(302, '', { Location: location }),
    });
    const fault = await refusal(connect(server.url, insecure));
    expect(fault.code).toBe('vsphere.redirected');
    expect(fault.message).toMatch(/sends us to https:\/\/login\.test\/auth$/);
  });

  test('a vCenter that is still starting', async () => {
    const server = await scripted({ 'GET /sdk/vimServiceVersions.xml': () => page(503, 'no healthy upstream') });
    expect((await refusal(connect(server.url, insecure))).code).toBe('vsphere.unavailable');
  });

  test('a server of another kind that speaks XML', async () => {
    const server = await scripted({ 'GET /sdk/vimServiceVersions.xml': () => xml('<namespaces/>') });
    expect((await refusal(connect(server.url, insecure))).code).toBe('vsphere.not-vsphere');
  });

  test('a vSphere too old to be known', async () => {
    const old = '<namespaces><namespace><name>urn:vim25</name><version>5.1</version></namespace></namespaces>';
    const server = await scripted({ 'GET /sdk/vimServiceVersions.xml': () => xml(old) });
    const fault = await refusal(connect(server.url, insecure));
    expect(fault.code).toBe('vsphere.version');
    expect(fault.message).toContain('5.1');
  });

  test('an answer with a document type is refused before anything in it is believed', async () => {
    const bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><namespaces/>';
    const server = await scripted({ 'GET /sdk/vimServiceVersions.xml': () => xml(bomb) });
    const fault = await refusal(connect(server.url, insecure));
    expect(fault.code).toBe('vsphere.malformed');
    expect(fault.message).toContain('document type');
  });

  test('an answer that breaks off', async () => {
    const server = await scripted({ RetrieveServiceContent: () => xml('<soapenv:Envelope><soapenv:Body>') });
    expect((await refusal(connect(server.url, insecure))).code).toBe('vsphere.malformed');
  });
});

describe('the session', () => {
  test('speaks the highest version in common, and says in a header whose calls these are', async () => {
    const server = await scripted();
    const vsphere = await connect(server.url, insecure);
    expect(vsphere.version).toBe('8.0.1.0');
    const login = server.asked.find(({ what }) => what === 'Login');
    expect(login?.headers.soapaction).toBe('urn:vim25/8.0.1.0');
    expect(login?.body).toMatch(/<operationID>stillpoint-[0-9a-f]{8}-2<\/operationID>/);
    expect(login?.body).toContain('<password>corr3ct&amp;&lt;horse&gt;</password>');
  });

  test('gives the cookie back as it came, quotes and all', async () => {
    const server = await scripted();
    const vsphere = await connect(server.url, insecure);
    await vsphere.close();
    expect(server.asked.find(({ what }) => what === 'Logout')?.headers.cookie).toBe('vmware_soap_session="session 1"');
  });

  test('a refused login names the user, and is not tried again', async () => {
    const server = await scripted({ Login: () => soapFault('InvalidLogin', '', 'Cannot complete login') });
    const fault = await refusal(connect(server.url, insecure));
    expect(fault.code).toBe('vsphere.invalid-login');
    expect(fault.message).toContain('reader@test.local');
    expect(server.count('Login')).toBe(1);
    expect(server.count('Logout')).toBe(0);
  });

  const endsOnce: Script = {
    CurrentTime: (_, before) =>
      before === 0
        ? soapFault('NotAuthenticated')
        : {
            soap: '<CurrentTimeResponse xmlns="urn:vim25"><returnval>2026-11-22T10:00:00Z</returnval></CurrentTimeResponse>',
          },
  };
  const currentTime = (vsphere: Vsphere) => {
    const limit = deadline(systemClock, patient(5_000), 'asking');
    cleanups.push(() => limit.done());
    return { limit, ask: () => vsphere.call('ServiceInstance:ServiceInstance', 'CurrentTime', [], limit) };
  };

  test('that has ended is begun again once, without the old cookie', async () => {
    const server = await scripted(endsOnce);
    const vsphere = await connect(server.url, insecure);
    const { limit, ask } = currentTime(vsphere);
    await vsphere.loggedIn(ask, limit);
    const logins = server.asked.filter(({ what }) => what === 'Login');
    expect(logins.map(({ headers }) => headers.cookie)).toEqual([undefined, undefined]);
    expect(server.asked.at(-1)?.headers.cookie).toBe('vmware_soap_session="session 2"');
  });

  test('is not begun again inside the window', async () => {
    const server = await scripted(endsOnce);
    const vsphere = await connect(server.url, insecure);
    const { limit, ask } = currentTime(vsphere);
    const fault = await refusal(vsphere.loggedIn(ask, limit, { inWindow: true }));
    expect(fault.code).toBe('vsphere.not-authenticated');
    expect(server.count('Login')).toBe(1);
  });

  test('that ends twice in a row is a Fault', async () => {
    const server = await scripted({ CurrentTime: () => soapFault('NotAuthenticated') });
    const vsphere = await connect(server.url, insecure);
    const { limit, ask } = currentTime(vsphere);
    expect((await refusal(vsphere.loggedIn(ask, limit))).code).toBe('vsphere.not-authenticated');
    expect(server.count('Login')).toBe(2);
  });

  test('a kept connection that the server closed meanwhile is replaced unseen', async () => {
    const server = await scripted({ CurrentTime: () => ({ soap: '<CurrentTimeResponse xmlns="urn:vim25"/>' }) });
    const vsphere = await connect(server.url, insecure);
    server.dropConnections();
    await currentTime(vsphere).ask();
    expect(server.count('CurrentTime')).toBe(1);
  });

  test('a connection that breaks under a question, and then a fresh one too, is a Fault', async () => {
    const server = await scripted({ CurrentTime: () => 'reset' });
    const vsphere = await connect(server.url, insecure);
    expect((await refusal(currentTime(vsphere).ask())).code).toBe('vsphere.connection-lost');
    expect(server.count('CurrentTime')).toBe(2);
  });

  test('an answer that never comes ends with the deadline, and the logout is still sent', async () => {
    const server = await scripted({ CurrentTime: () => 'never' });
    const vsphere = await connect(server.url, insecure);
    const limit = deadline(systemClock, 200, 'asking');
    const fault = await refusal(vsphere.call('ServiceInstance:ServiceInstance', 'CurrentTime', [], limit));
    expect(fault.code).toBe('deadline');
    expect(fault.message).toContain('CurrentTime');
    await vsphere.close();
    expect(server.count('Logout')).toBe(1);
  });

  test('closing never fails, not even without a server, and logs out once', async () => {
    const server = await scripted();
    const vsphere = await connect(server.url, insecure);
    await vsphere.close();
    await vsphere.close();
    expect(server.count('Logout')).toBe(1);
    const lost = await scripted();
    const orphan = await connect(lost.url, insecure);
    await lost.close();
    await expect(orphan.close()).resolves.toBeUndefined();
  });

  test('a lacking privilege is named in the remedy; Read-only is that only for reading', async () => {
    const server = await scripted({
      A: () => soapFault('NoPermission', '<privilegeId>VirtualMachine.State.CreateSnapshot</privilegeId>'),
      B: () => soapFault('NoPermission', '<privilegeId>System.View</privilegeId>'),
    });
    const vsphere = await connect(server.url, insecure);
    const limit = deadline(systemClock, patient(5_000), 'asking');
    cleanups.push(() => limit.done());
    expect((await refusal(vsphere.call('X:x', 'A', [], limit))).hint).toContain('VirtualMachine.State.CreateSnapshot');
    expect((await refusal(vsphere.call('X:x', 'B', [], limit))).hint).toContain('the role Read-only');
  });

  test('faults keep their class, whatever the words of their language', async () => {
    const object = '<object type="Datastore">datastore-9</object><privilegeId>Datastore.Browse</privilegeId>';
    const server = await scripted({
      A: () => soapFault('NoPermission', object, 'Berechtigung fehlt'),
      B: () => soapFault('ManagedObjectNotFound', '<obj type="VirtualMachine">vm-9</obj>'),
      C: () => soapFault('HostNotConnected', '', 'The host is not connected'),
    });
    const vsphere = await connect(server.url, insecure);
    const limit = deadline(systemClock, patient(5_000), 'asking');
    cleanups.push(() => limit.done());
    const faults = [];
    for (const method of ['A', 'B', 'C']) {
      const { code, message } = await refusal(vsphere.call('X:x', method, [], limit));
      faults.push(`${code}: ${message.replace(/^127\.0\.0\.1:\d+: /, '')}`);
    }
    expect(faults).toEqual([
      'vsphere.no-permission: reader@test.local lacks Datastore.Browse on Datastore:datastore-9 for A',
      'vsphere.gone: VirtualMachine:vm-9 is no longer there',
      'vsphere.fault: C failed: HostNotConnected: The host is not connected',
    ]);
  });
});
