import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { systemClock } from '../base/clock.ts';
import type { WorldTable } from './table.ts';
import type { Call } from './vcenter/call.ts';
import { type Certificate, selfSigned } from './vcenter/certificate.ts';
import { parseRef } from './vcenter/collect.ts';
import { child, type Element, parseXml } from './vcenter/element.ts';
import { faultXml, VimFault } from './vcenter/fault.ts';
import { inventory } from './vcenter/inventory.ts';
import { ANONYMOUS, METHODS } from './vcenter/methods.ts';
import { serviceContent, serviceObjects, serviceVersions } from './vcenter/service.ts';
import { lookupFor, newSession, type Session } from './vcenter/session.ts';

export interface VcenterOptions {
  readonly table: WorldTable;
  readonly username: string;
  readonly password: string;
  /** Of 127.0.0.1; default: a free one. */
  readonly port?: number;
  /** The most objects in one answer; the client may ask for fewer. */
  readonly pageSize?: number;
}

export interface Vcenter {
  /** 'https://127.0.0.1:PORT/sdk' */
  readonly url: string;
  readonly certificate: Certificate;
  /** From now on the world is this one. */
  serve(table: WorldTable): void;
  /** How many logins have not logged out. */
  sessions(): number;
  close(): Promise<void>;
}

const COOKIE = 'vmware_soap_session';
const LARGEST_REQUEST = 4 * 1024 * 1024;

/**
 * A vCenter, or an ESXi host, on loopback: as much of vim25 as reading an inventory takes, spoken so that other clients
 * understand it. Nothing can be changed through it.
 */
export async function startVcenter(options: VcenterOptions): Promise<Vcenter> {
  const certificate = selfSigned('stillpoint demo', systemClock.date());
  const sessions = new Map<string, Session>();
  let world = served(options.table);

  const server = createServer({ key: certificate.key, cert: certificate.cert }, (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET' && request.url === '/sdk/vimServiceVersions.xml') {
      return send(response, 200, serviceVersions(world.table.about.apiVersion));
    }
    if (request.method !== 'POST' || !/^\/sdk\/?$/.test(request.url ?? '')) return send(response, 404, '');
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      const method = methodOf(await body(request));
      const inside = await call(method, request, response, gone.signal);
      send(response, 200, envelope(`<${method.name}Response xmlns="urn:vim25">${inside}</${method.name}Response>`));
    } catch (thrown) {
      const fault = thrown instanceof VimFault ? thrown : new VimFault('SystemError', String(thrown));
      send(response, 500, envelope(faultXml(fault)));
    }
  }

  function call(
    request: Element,
    from: IncomingMessage,
    response: ServerResponse,
    gone: AbortSignal,
  ): string | Promise<string> {
    const session = sessions.get(cookieOf(from) ?? '');
    const { content, objects } = world;
    const context: Call = {
      request,
      target: parseRef(request, '_this'),
      session,
      inventory: world.inventory,
      lookup: lookupFor(world.inventory, objects, session),
      content,
      now: systemClock.date(),
      pageSize: options.pageSize ?? 100,
      gone,
      login(user, password) {
        if (user !== options.username || password !== options.password) {
          throw new VimFault('InvalidLogin', 'Cannot complete login due to an incorrect user name or password.');
        }
        const opened = newSession(user, systemClock.date());
        sessions.set(opened.cookie, opened);
        response.setHeader('Set-Cookie', `${COOKIE}="${opened.cookie}"; Path=/; HttpOnly; Secure;`);
        return opened;
      },
      logout: () => void sessions.delete(session?.cookie ?? ''),
    };
    const anonymous = ANONYMOUS.get(request.name);
    if (anonymous !== undefined) return anonymous(context);
    const method = METHODS.get(request.name);
    if (method === undefined) throw new VimFault('NotSupported', `${request.name} is not supported here.`);
    if (session === undefined) throw new VimFault('NotAuthenticated', 'The session is not authenticated.');
    return method(context, session);
  }

  const port = await listening(server, options.port);
  return {
    url: `https://127.0.0.1:${port}/sdk`,
    certificate,
    serve(table) {
      world = served(table);
    },
    sessions: () => sessions.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Served {
  readonly table: WorldTable;
  readonly inventory: ReturnType<typeof inventory>;
  readonly content: ReturnType<typeof serviceContent>;
  readonly objects: ReturnType<typeof serviceObjects>;
}

function served(table: WorldTable): Served {
  const made = inventory(table);
  return {
    table,
    inventory: made,
    content: serviceContent(table.about, made.fixed),
    objects: serviceObjects(table.about, made.fixed),
  };
}

function methodOf(xml: string): Element {
  let root: Element;
  try {
    root = parseXml(xml);
  } catch (thrown) {
    throw new VimFault('InvalidRequest', `The request is not XML: ${String(thrown)}`);
  }
  const method = child(root, 'Body')?.children[0];
  if (root.name !== 'Envelope' || method === undefined) {
    throw new VimFault('InvalidRequest', 'The request is not a SOAP envelope with a body.');
  }
  return method;
}

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > LARGEST_REQUEST) throw new VimFault('InvalidRequest', 'The request is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Clients return the cookie with its quotes or without them. */
function cookieOf(request: IncomingMessage): string | undefined {
  return new RegExp(`${COOKIE}="?([0-9a-f]+)"?`).exec(request.headers.cookie ?? '')?.[1];
}

function envelope(inside: string): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope ' +
    'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" ' +
    `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>${inside}</soapenv:Body></soapenv:Envelope>`
  );
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/xml; charset=utf-8' }).end(text);
}

function listening(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const at = server.address();
      if (at !== null && typeof at === 'object') resolve(at.port);
    });
  });
}
