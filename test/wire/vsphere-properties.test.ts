import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { type Deadline, deadline } from '../../src/base/deadline.ts';
import { Fault } from '../../src/base/fault.ts';
import { Secret } from '../../src/base/secret.ts';
import { readerOf } from '../../src/inventory/reader.ts';
import { connectVsphere, type Vsphere } from '../../src/vsphere/client.ts';

import { snapshotCreator } from '../../src/vsphere/events.ts';
import { type Found, insistOnAll, readEverywhere, readThese } from '../../src/vsphere/properties.ts';
import { diskTasks } from '../../src/vsphere/tasks.ts';
import { patient } from '../patience.ts';
import { objects, type Script, type ScriptedServer, soapFault, startScripted } from './vsphere-server.ts';

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function session(
  script: Script,
): Promise<{ readonly server: ScriptedServer; readonly vsphere: Vsphere; readonly limit: Deadline }> {
  const server = await startScripted(script);
  cleanups.push(() => server.close());
  const limit = deadline(systemClock, patient(20_000), 'the test');
  cleanups.push(() => limit.done());
  const url = new URL(server.url);
  const trust = { insecure: true } as const;
  const vsphere = await connectVsphere({ url, username: 'reader', password: new Secret('p'), trust }, limit);
  cleanups.push(() => vsphere.close());
  return { server, vsphere, limit };
}

function vm(id: string, inside: string): string {
  return `<objects><obj type="VirtualMachine">${id}</obj>${inside}</objects>`;
}

function name(text: string): string {
  return `<propSet><name>name</name><val xsi:type="xsd:string">${text}</val></propSet>`;
}

function missing(path: string, kind: string, inside = ''): string {
  return `<missingSet><path>${path}</path><fault><fault xsi:type="${kind}">${inside}</fault><localizedMessage/></fault></missingSet>`;
}

const privilege = '<object type="VirtualMachine">vm-1</object><privilegeId>System.Read</privilegeId>';

const everyVm = [{ type: 'VirtualMachine', paths: ['name'] }] as const;

async function thrownBy(work: Promise<unknown>): Promise<Fault> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof Fault) return thrown;
  throw new Error(`no Fault but ${String(thrown)}`);
}

describe('reading properties', () => {
  test('goes on with the token of each page until there is none, and ends its view', async () => {
    const { server, vsphere, limit } = await session({
      RetrievePropertiesEx: () => objects('RetrievePropertiesEx', vm('vm-1', name('a')), 't&amp;1'),
      ContinueRetrievePropertiesEx: (_, before) =>
        before === 0
          ? objects('ContinueRetrievePropertiesEx', vm('vm-2', name('b')), 't2')
          : objects('ContinueRetrievePropertiesEx', vm('vm-3', name('007'))),
    });
    const names: (string | undefined)[] = [];
    const receive = ({ values }: Found): void => void names.push(values.get('name')?.text);
    await readEverywhere(vsphere, everyVm, receive, limit, 1);
    expect(names).toEqual(['a', 'b', '007']);
    const tokens = server.asked.flatMap(({ body }) => /<token>(.*)<\/token>/.exec(body)?.[1] ?? []);
    expect(tokens).toEqual(['t&amp;1', 't2']);
    expect(server.asked.at(-1)?.what).toBe('DestroyView');
    expect(server.asked.at(-1)?.body).toContain('<_this type="ContainerView">view/1@a</_this>');
  });

  test('ends its view also where reading failed, and where that fails too', async () => {
    const { server, vsphere, limit } = await session({
      RetrievePropertiesEx: () => soapFault('InvalidProperty', '<name>nmae</name>'),
      DestroyView: () => 'reset',
    });
    const fault = await thrownBy(readEverywhere(vsphere, everyVm, () => undefined, limit));
    expect(fault.message).toContain('InvalidProperty');
    expect(server.count('DestroyView')).toBeGreaterThan(0);
  });

  test('a property that may not be read is a Fault that names the VM, the property and the privilege', async () => {
    const { vsphere, limit } = await session({
      RetrievePropertiesEx: () =>
        objects(
          'RetrievePropertiesEx',
          vm(
            'vm-1',
            missing('config.hardware.device', 'NoPermission', privilege) +
              missing('snapshot', 'NoPermission', privilege),
          ),
        ),
    });
    const receive = (found: Found): void => void insistOnAll(found, 'VM mail01', vsphere);
    const fault = await thrownBy(readThese(vsphere, everyVm[0], ['VirtualMachine:vm-1'], receive, limit));
    expect(fault.code).toBe('vsphere.no-permission');
    expect(fault.message).toBe(
      'VM mail01 (VirtualMachine:vm-1): reader lacks System.Read and cannot read config.hardware.device and 1 more',
    );
  });

  test('every VM of a group that may not be read is named at once', async () => {
    const names = ['vm-1', 'vm-2', 'vm-3'].map((id) => vm(id, name(`mail-${id}`)));
    const unreadable = (id: string): string => vm(id, missing('config', 'NoPermission', privilege));
    const { vsphere, limit } = await session({
      RetrievePropertiesEx: (_, before) =>
        objects('RetrievePropertiesEx', before === 0 ? names.join('') : ['vm-1', 'vm-3'].map(unreadable).join('')),
    });
    const reader = readerOf(async () => vsphere, { clock: systemClock });
    const wanted = ['mail-vm-1', 'mail-vm-2', 'mail-vm-3'].map((one) => ({ vm: one, wanted: one }));
    const fault = await thrownBy(reader.read(wanted, limit));
    expect(fault.message).toBe(
      'VM mail-vm-1 (VirtualMachine:vm-1): reader lacks System.Read and cannot read config; the same of VM mail-vm-3',
    );
    expect(fault.hint).toContain('Read-only');
  });

  test('a property missing for another reason is a Fault as well, never an empty list', async () => {
    const { vsphere, limit } = await session({
      RetrievePropertiesEx: () => objects('RetrievePropertiesEx', vm('vm-1', missing('config', 'RuntimeFault'))),
    });
    const receive = (found: Found): void => void insistOnAll(found, 'VM mail01', vsphere);
    const fault = await thrownBy(readThese(vsphere, everyVm[0], ['VirtualMachine:vm-1'], receive, limit));
    expect(fault.code).toBe('vsphere.unreadable');
  });

  test('a task that may not be read is no quiet VM', async () => {
    const { vsphere, limit } = await session({
      RetrievePropertiesEx: () =>
        objects(
          'RetrievePropertiesEx',
          `<objects><obj type="Task">task-1</obj>${missing('info', 'NoPermission', '<privilegeId>System.Read</privilegeId>')}</objects>`,
        ),
    });
    const fault = await thrownBy(diskTasks(vsphere, ['Task:task-1'], new Set(['VirtualMachine:vm-1']), limit));
    expect(fault.message).toBe('task (Task:task-1): reader lacks System.Read and cannot read info');
  });

  test('a session that ended between two pages is renewed, and everything is read again', async () => {
    const { server, vsphere, limit } = await session({
      RetrievePropertiesEx: (_, before) =>
        objects('RetrievePropertiesEx', vm('vm-1', name('a')), before === 0 ? 't1' : undefined),
      ContinueRetrievePropertiesEx: () =>
        objects('ContinueRetrievePropertiesEx', vm('vm-2', missing('name', 'NotAuthenticated'))),
    });
    let names: (string | undefined)[] = [];
    await vsphere.loggedIn(async () => {
      names = [];
      await readEverywhere(vsphere, everyVm, ({ values }) => void names.push(values.get('name')?.text), limit);
    }, limit);
    expect(names).toEqual(['a']);
    expect(server.count('Login')).toBe(2);
    expect(server.count('CreateContainerView')).toBe(2);
  });

  test('asks for nothing where there is nothing to ask', async () => {
    const { server, vsphere, limit } = await session({});
    await readThese(vsphere, everyVm[0], [], () => undefined, limit);
    expect(server.count('RetrievePropertiesEx')).toBe(0);
  });
});

describe('who took a VMware snapshot', () => {
  const event = (user: string, at: string, description: string): string =>
    `<returnval xsi:type="TaskEvent"><key>1</key><createdTime>${at}</createdTime><userName>${user}</userName><info><descriptionId>${description}</descriptionId></info></returnval>`;
  const answering = (inside: string): Script => ({
    QueryEvents: () => ({ soap: `<QueryEventsResponse xmlns="urn:vim25">${inside}</QueryEventsResponse>` }),
  });
  const ask = async (script: Script): Promise<string | undefined> => {
    const { vsphere, limit } = await session(script);
    const content = { ...vsphere.content, eventManager: 'EventManager:em' } as const;
    return snapshotCreator({ ...vsphere, content }, 'VirtualMachine:vm-1', '2026-11-22T01:58:00Z', limit);
  };

  test('is told by the last request before it, and by no other event', async () => {
    const by = await ask(
      answering(
        event('CORP\\late', '2026-11-22T01:57:50Z', 'VirtualMachine.createSnapshot') +
          event('somebody', '2026-11-22T01:57:55Z', 'VirtualMachine.powerOn') +
          event('early', '2026-11-22T01:50:00Z', 'VirtualMachine.createSnapshot'),
      ),
    );
    expect(by).toBe('CORP\\late');
  });

  test('is left out where nobody tells, or the login may not ask', async () => {
    expect(await ask(answering(''))).toBeUndefined();
    expect(
      await ask({ QueryEvents: () => soapFault('NoPermission', '<privilegeId>System.View</privilegeId>') }),
    ).toBeUndefined();
  });
});
