import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type Certificate, selfSigned } from '../../src/demo/vcenter/certificate.ts';

interface Asked {
  /** The SOAP method, or 'GET /path'. */
  readonly what: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Reply =
  | { readonly soap: string; readonly status?: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly status: number; readonly body: string; readonly headers: Readonly<Record<string, string>> }
  | 'never'
  | 'reset';

/** What one method answers, by how often it was asked before. */
export type Script = Readonly<Record<string, (asked: Asked, before: number) => Reply>>;

export interface ScriptedServer {
  readonly url: string;
  readonly port: number;
  readonly certificate: Certificate;
  readonly asked: readonly Asked[];
  /** How many times this was asked. */
  count(what: string): number;
  /** Ends idle connections as a server does after its keep-alive time. */
  dropConnections(): void;
  close(): Promise<void>;
}

const VERSIONS = `<?xml version="1.0"?><namespaces version="1.0"><namespace><name>urn:vim25</name><version>9.9.9.9</version>
<priorVersions><version>7.0.3.0</version><version>8.0.1.0</version><version>5.5</version></priorVersions></namespace></namespaces>`;

const CONTENT = `<RetrieveServiceContentResponse xmlns="urn:vim25"><returnval><rootFolder type="Folder">group-d1</rootFolder>
<propertyCollector type="PropertyCollector">pc</propertyCollector><viewManager type="ViewManager">vm</viewManager>
<about><fullName>Scripted 1.0</fullName><apiType>VirtualCenter</apiType><instanceUuid>uuid-1</instanceUuid></about>
<sessionManager type="SessionManager">sm</sessionManager></returnval></RetrieveServiceContentResponse>`;

const COMMON: Script = {
  'GET /sdk/vimServiceVersions.xml': () => xml(VERSIONS),
  RetrieveServiceContent: () => ({ soap: CONTENT }),
  Login: (_, before) => ({
    soap: '<LoginResponse xmlns="urn:vim25"/>',
    headers: { 'Set-Cookie': `vmware_soap_session="session ${before + 1}"; Path=/; HttpOnly; Secure;` },
  }),
  Logout: () => ({ soap: '<LogoutResponse xmlns="urn:vim25"/>' }),
  CreateContainerView: () => ({
    soap: '<CreateContainerViewResponse xmlns="urn:vim25"><returnval type="ContainerView">view/1@a</returnval></CreateContainerViewResponse>',
  }),
  DestroyView: () => ({ soap: '<DestroyViewResponse xmlns="urn:vim25"/>' }),
};

/** HTTPS on loopback that says what a test wants said: what no honest server can be made to say. */
export async function startScripted(script: Script = {}, address = '127.0.0.1'): Promise<ScriptedServer> {
  const certificate = selfSigned('scripted', new Date());
  const asked: Asked[] = [];
  const counts = new Map<string, number>();
  const sockets = new Set<Socket>();
  const server = createServer({ key: certificate.key, cert: certificate.cert }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const method = /<soapenv:Body><(\w+)/.exec(body)?.[1];
      const what = method ?? `${request.method} ${request.url}`;
      const before = counts.get(what) ?? 0;
      counts.set(what, before + 1);
      const one = { what, headers: request.headers, body };
      asked.push(one);
      const reply = (script[what] ?? COMMON[what])?.(one, before) ?? page(404, '<h1>nothing here</h1>');
      if (reply === 'never') return;
      if (reply === 'reset') return void request.socket.destroy();
      if ('soap' in reply) {
        response.writeHead(reply.status ?? 200, { 'Content-Type': 'text/xml; charset="utf-8"', ...reply.headers });
        response.end(envelope(reply.soap));
        return;
      }
      response.writeHead(reply.status, reply.headers);
      response.end(reply.body);
    });
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  const dropConnections = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `https://${address}:${port}/sdk`,
    port,
    certificate,
    asked,
    count: (what) => counts.get(what) ?? 0,
    dropConnections,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      dropConnections();
      await closed;
    },
  };
}

export function xml(body: string): Reply {
  return { status: 200, body, headers: { 'Content-Type': 'text/xml' } };
}

export function page(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, body, headers: { 'Content-Type': 'text/html', ...headers } };
}

/** A SOAP fault as vCenter sends it: HTTP 500, its class in the detail. */
export function soapFault(kind: string, inside = '', said = 'refused'): Reply {
  return {
    status: 500,
    soap: `<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>${said}</faultstring><detail><${kind}Fault xmlns="urn:vim25" xsi:type="${kind}">${inside}</${kind}Fault></detail></soapenv:Fault>`,
  };
}

/** A page of RetrievePropertiesEx or its continuation. */
export function objects(method: string, inside: string, token?: string): Reply {
  const more = token === undefined ? '' : `<token>${token}</token>`;
  return { soap: `<${method}Response xmlns="urn:vim25"><returnval>${more}${inside}</returnval></${method}Response>` };
}

function envelope(body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`;
}
