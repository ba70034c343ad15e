import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { twoTierTable } from '../../src/demo/two-tier.ts';
import { startVcenter, type Vcenter } from '../../src/demo/vcenter.ts';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

describe('the small vCenter on the wire', () => {
  let vcenter: Vcenter;
  let cookie = '';

  beforeEach(async () => {
    vcenter = await startVcenter({ table: twoTierTable, username: 'reader', password: 'right', pageSize: 2 });
    cookie = '';
  });
  afterEach(() => vcenter.close());

  function send(method: string, path: string, body = ''): Promise<Answer> {
    const { port } = new URL(vcenter.url);
    return new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port,
        method,
        path,
        ca: vcenter.certificate.cert,
        headers: { Cookie: cookie, SOAPAction: 'urn:vim25/8.0.3.0' },
      };
      const sent = request(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
      });
      sent.on('error', reject).end(body);
    });
  }

  function soap(inside: string): Promise<Answer> {
    return send(
      'POST',
      '/sdk',
      `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><e:Body>${inside}</e:Body></e:Envelope>`,
    );
  }

  async function login(): Promise<void> {
    const answer = await soap(
      '<Login xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this><userName>reader</userName><password>right</password></Login>',
    );
    expect(answer.status).toBe(200);
    cookie = (answer.headers['set-cookie']?.[0] ?? '').replace(/;.*/, '');
  }

  function retrieve(type: string, paths: readonly string[], from: string): Promise<Answer> {
    const pathSet = paths.map((path) => `<pathSet>${path}</pathSet>`).join('');
    return soap(
      `<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this><specSet><propSet><type>${type}</type>${pathSet}</propSet>${from}</specSet><options/></RetrievePropertiesEx>`,
    );
  }

  const everyVm =
    '<objectSet><obj type="Folder">group-d1</obj><skip>true</skip>' +
    '<selectSet i:type="TraversalSpec"><name>folders</name><type>Folder</type><path>childEntity</path><selectSet><name>folders</name></selectSet><selectSet><name>vms</name></selectSet></selectSet>' +
    '<selectSet i:type="TraversalSpec"><name>vms</name><type>Datacenter</type><path>vmFolder</path><selectSet><name>folders</name></selectSet></selectSet>' +
    '</objectSet>';

  test('names its versions, newest first', async () => {
    const { text } = await send('GET', '/sdk/vimServiceVersions.xml');
    expect(text).toMatch(/<name>urn:vim25<\/name><version>8\.0\.3\.0<\/version><priorVersions><version>8\.0\.2\.0</);
  });

  test('refuses a wrong password as a typed fault', async () => {
    const answer = await soap(
      '<Login xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this><userName>reader</userName><password>wrong</password></Login>',
    );
    expect(answer.status).toBe(500);
    expect(answer.text).toContain('<InvalidLoginFault xmlns="urn:vim25" xsi:type="InvalidLogin">');
    expect(answer.text).not.toContain('wrong');
  });

  test('names properties as missing to who is not logged in, and refuses methods', async () => {
    const read = await retrieve('Folder', ['name'], '<objectSet><obj type="Folder">group-d1</obj></objectSet>');
    expect(read.status).toBe(200);
    expect(read.text).toMatch(/<missingSet><path>name<\/path><fault><fault xsi:type="NotAuthenticated">/);
    const made = await soap(
      '<CreateContainerView xmlns="urn:vim25"><_this type="ViewManager">ViewManager</_this></CreateContainerView>',
    );
    expect(made.status).toBe(500);
    expect(made.text).toContain('xsi:type="NotAuthenticated"');
  });

  test('follows selections by name, and hands out each page once', async () => {
    await login();
    const first = await retrieve('VirtualMachine', ['name'], everyVm);
    expect(first.text.match(/<val xsi:type="xsd:string">\w+/g)).toHaveLength(2);
    const token = /<token>(.*?)<\/token>/.exec(first.text)?.[1];
    const next = `<ContinueRetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this><token>${token}</token></ContinueRetrievePropertiesEx>`;
    const second = await soap(next);
    expect(second.text).toContain('app01');
    expect(second.text).not.toContain('<token>');
    expect((await soap(next)).text).toContain('xsi:type="InvalidArgument"');
  });

  test('follows a selection round a circle once', async () => {
    await login();
    const upAndDown =
      '<objectSet><obj type="Folder">group-d1</obj><skip>true</skip>' +
      '<selectSet i:type="TraversalSpec"><name>down</name><type>Folder</type><path>childEntity</path><selectSet><name>down</name></selectSet><selectSet><name>up</name></selectSet></selectSet>' +
      '<selectSet i:type="TraversalSpec"><name>up</name><type>ManagedEntity</type><path>parent</path><selectSet><name>down</name></selectSet></selectSet>' +
      '</objectSet>';
    const { status, text } = await retrieve('Datacenter', ['name'], upAndDown);
    expect(status).toBe(200);
    expect(text.match(/<objects>/g)).toHaveLength(1);
  });

  test('refuses a property that vim25 does not know, and an object that is not there', async () => {
    await login();
    const unknown = await retrieve('Folder', ['nmae'], '<objectSet><obj type="Folder">group-d1</obj></objectSet>');
    expect(unknown.text).toContain(
      '<InvalidPropertyFault xmlns="urn:vim25" xsi:type="InvalidProperty"><name>nmae</name>',
    );
    const gone = await retrieve('Folder', ['name'], '<objectSet><obj type="Folder">group-d9</obj></objectSet>');
    expect(gone.status).toBe(500);
    expect(gone.text).toContain('xsi:type="ManagedObjectNotFound"><obj type="Folder">group-d9</obj>');
  });

  test('tells objects that are gone as missing where it is asked to', async () => {
    await login();
    const both =
      '<objectSet><obj type="Folder">group-d9</obj></objectSet><objectSet><obj type="Folder">group-d1</obj></objectSet>' +
      '<reportMissingObjectsInResults>true</reportMissingObjectsInResults>';
    const { status, text } = await retrieve('Folder', ['name'], both);
    expect(status).toBe(200);
    expect(text).toMatch(
      />group-d9<\/obj><missingSet><path>name<\/path><fault><fault xsi:type="ManagedObjectNotFound">/,
    );
    expect(text).toContain('>group-d1</obj><propSet>');
  });

  test('shows another world when it is told to', async () => {
    await login();
    vcenter.serve({ ...twoTierTable, vms: twoTierTable.vms.slice(0, 1) });
    const read = await retrieve('VirtualMachine', ['name'], everyVm);
    expect(read.text).toContain('mail01');
    expect(read.text).not.toContain('db01');
  });

  test('forgets a session at its logout', async () => {
    await login();
    expect(vcenter.sessions()).toBe(1);
    await soap('<Logout xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this></Logout>');
    expect(vcenter.sessions()).toBe(0);
  });

  test('refuses a document type, what is no XML, and a method that it has not', async () => {
    for (const body of ['<!DOCTYPE x><x/>', 'GET', '<Envelope/>'])
      expect((await send('POST', '/sdk', body)).text).toContain('xsi:type="InvalidRequest"');
    const method = '<constructor xmlns="urn:vim25"><_this type="Folder">group-d1</_this></constructor>';
    expect((await soap(method)).text).toContain('xsi:type="NotSupported"');
  });
});
