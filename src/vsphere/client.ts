import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Deadline } from '../base/deadline.ts';
import { Fault } from '../base/fault.ts';
import { asRef, child, type Ref, ref, refId, refType, text } from './element.ts';
import { type Asked, NOT_AUTHENTICATED, soapFault } from './faults.ts';
import { ask, beginning, pieces } from './http.ts';
import type { Connection } from './settings.ts';
import { trustingAgent } from './trust.ts';
import { negotiate } from './versions.ts';
import { branch, type Element, escaped, leaf, type ReaderOptions, xmlReader } from './xml.ts';

/** One login to a vCenter or an ESXi host. */
export interface Vsphere {
  readonly host: string;
  readonly username: string;
  /** The version of the API that both sides speak: '8.0.3.0'. */
  readonly version: string;
  readonly about: About;
  readonly content: ServiceContent;
  /**
   * One method of one object. `args` are written XML in the order of the method's definition. Answers the response
   * element; with `reading`, what it takes is not in there.
   */
  call(self: Ref, method: string, args: readonly string[], limit: Deadline, reading?: ReaderOptions): Promise<Element>;
  /**
   * Work that may be begun again from its start. If the session turns out to have ended, it logs in once more and runs
   * the work a second time; in the window, where no login may happen, it does not.
   */
  loggedIn<T>(work: () => Promise<T>, limit: Deadline, when?: { readonly inWindow: boolean }): Promise<T>;
  /** Logs out, whatever happened, and ends every connection. Never rejects. */
  close(): Promise<void>;
}

interface About {
  /** 'VMware vCenter Server 8.0.3 build-24022515' */
  readonly fullName: string;
  readonly instanceUuid?: string;
  readonly kind: 'vcenter' | 'esxi';
}

interface ServiceContent {
  readonly rootFolder: Ref;
  readonly propertyCollector: Ref;
  readonly viewManager: Ref;
  readonly sessionManager: Ref;
  /** An ESXi host has one too; a fenced-off login may not see it. */
  readonly taskManager?: Ref;
  readonly eventManager?: Ref;
}

/** No single answer takes longer: a vCenter whose storage hangs answers never. */
const CALL_MS = 120_000;
const LOGOUT_MS = 5_000;

/** Judges the certificate, finds the common version, logs in. Nothing is left behind where that fails. */
export async function connectVsphere(connection: Connection, limit: Deadline): Promise<Vsphere> {
  const via = trustingAgent(connection.url, connection.trust);
  try {
    return await open(connection, via, limit);
  } catch (error) {
    via.close();
    throw error;
  }
}

async function open(connection: Connection, via: ReturnType<typeof trustingAgent>, limit: Deadline): Promise<Vsphere> {
  const { url, username } = connection;
  const host = url.host;
  const operation = `stillpoint-${randomBytes(4).toString('hex')}`;
  let calls = 0;
  let cookie: string | undefined;
  let loggedIn = false;
  const version = await commonVersion();
  const first = await call(ref('ServiceInstance', 'ServiceInstance'), 'RetrieveServiceContent', [], limit);
  const content = serviceContent(child(first, 'returnval'), host);
  const about = aboutOf(child(first, 'returnval'));
  await logIn(limit);

  return {
    host,
    username,
    version,
    about,
    content,
    call,
    async loggedIn(work, budget, when) {
      try {
        return await work();
      } catch (error) {
        const ended = error instanceof Fault && error.code === NOT_AUTHENTICATED;
        if (!ended || when?.inWindow === true) throw error;
        await logIn(budget);
        return await work();
      }
    },
    async close() {
      if (loggedIn) {
        loggedIn = false;
        const budget = limit.afresh(LOGOUT_MS, `${host}: Logout`);
        await call(content.sessionManager, 'Logout', [], budget).catch(() => undefined);
        budget.done();
      }
      via.close();
    },
  };

  async function logIn(budget: Deadline): Promise<void> {
    // A cookie of an ended session would make the server refuse the login as a second one.
    cookie = undefined;
    loggedIn = false;
    const secret = connection.password.reveal();
    const args = [leaf('userName', username), leaf('password', secret), leaf('locale', 'en_US')];
    await call(content.sessionManager, 'Login', args, budget);
    loggedIn = true;
  }

  async function commonVersion(): Promise<string> {
    const at = new URL(`${url.href}/vimServiceVersions.xml`);
    const budget = limit.within(CALL_MS, `${host}: vimServiceVersions.xml`);
    try {
      const answer = await ask(via, at, { method: 'GET' }, budget);
      if (answer.statusCode !== 200 || !isXml(answer)) throw await notVsphere(answer, at, budget);
      return negotiate(await readAll(answer, at, {}, budget), host);
    } finally {
      budget.done();
    }
  }

  async function call(
    self: Ref,
    method: string,
    args: readonly string[],
    outer: Deadline,
    reading: ReaderOptions = {},
  ): Promise<Element> {
    calls += 1;
    const budget = outer.within(CALL_MS, `${host}: ${method}`);
    try {
      const answer = await ask(
        via,
        url,
        {
          method: 'POST',
          headers: {
            'Content-Type': 'text/xml; charset="utf-8"',
            SOAPAction: `urn:vim25/${version}`,
            'User-Agent': 'stillpoint',
            ...(cookie === undefined ? {} : { Cookie: cookie }),
          },
          body: envelope(self, method, args, `${operation}-${calls}`),
        },
        budget,
      );
      cookie = sessionCookie(answer) ?? cookie;
      if ((answer.statusCode !== 200 && answer.statusCode !== 500) || !isXml(answer)) {
        throw await notVsphere(answer, url, budget);
      }
      return response(await readAll(answer, url, reading, budget), { host, username, method });
    } finally {
      budget.done();
    }
  }
}

function envelope(self: Ref, method: string, args: readonly string[], operation: string): string {
  const target = `<_this type="${refType(self)}">${escaped(refId(self))}</_this>`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"',
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
    branch('soapenv:Header', [leaf('operationID', operation)]),
    `<soapenv:Body><${method} xmlns="urn:vim25">${target}${args.join('')}</${method}></soapenv:Body>`,
    '</soapenv:Envelope>',
  ].join('');
}

async function readAll(answer: IncomingMessage, url: URL, reading: ReaderOptions, budget: Deadline): Promise<Element> {
  const reader = xmlReader(reading);
  try {
    for await (const piece of pieces(answer, url, budget)) reader.write(piece);
    return reader.end();
  } catch (error) {
    throw error instanceof Fault && error.code === 'vsphere.malformed' ? error.of(url.host) : error;
  }
}

function response(document: Element, asked: Asked): Element {
  const first = child(document, 'Body')?.children[0];
  if (first === undefined) {
    throw new Fault({ code: 'vsphere.malformed', message: `${asked.host}: ${asked.method}: the answer has no body` });
  }
  if (first.name === 'Fault') throw soapFault(first, asked);
  return first;
}

/** Name and value as they came, quotes and all: the server compares them as text. */
function sessionCookie(answer: IncomingMessage): string | undefined {
  return answer.headers['set-cookie']?.find((line) => line.startsWith('vmware_soap_session='))?.split(';')[0];
}

function isXml(answer: IncomingMessage): boolean {
  return /\b(text|application)\/(soap\+)?xml\b/i.test(answer.headers['content-type'] ?? '');
}

async function notVsphere(answer: IncomingMessage, url: URL, budget: Deadline): Promise<Fault> {
  const status = answer.statusCode ?? 0;
  const location = answer.headers.location;
  if (status >= 300 && status < 400 && location !== undefined) {
    answer.destroy();
    return new Fault({
      code: 'vsphere.redirected',
      message: `${url.host} sends us to ${placeOf(location, url)}`,
      hint: 'If that is the right place, write it as vsphere.url; redirects are not followed.',
    });
  }
  if (status === 503) {
    answer.destroy();
    return new Fault({
      code: 'vsphere.unavailable',
      message: `${url.host} says that its service is not available (HTTP 503)`,
      hint: 'A vCenter that has just started needs some minutes; try again.',
    });
  }
  const page = await beginning(answer, url, budget);
  const title = /<title[^>]*>([^<]{1,80})/i.exec(page)?.[1]?.replace(/\s+/g, ' ').trim();
  const what = title === undefined || title === '' ? 'something that is not vSphere' : `a web page, "${title}"`;
  return new Fault({
    code: 'vsphere.not-vsphere',
    message: `${url.host}${url.pathname} answers with ${what} (HTTP ${status})`,
    hint: 'Check vsphere.url: host, port and path (/sdk); a proxy may stand in between.',
  });
}

/** Without user, password and query: a login page's address may carry what must not be printed. */
function placeOf(location: string, from: URL): string {
  if (!URL.canParse(location, from.href)) return 'another address';
  const target = new URL(location, from.href);
  return `${target.protocol}//${target.host}${target.pathname}`;
}

function serviceContent(content: Element | undefined, host: string): ServiceContent {
  const required = (name: string): Ref => {
    const found = asRef(child(content, name));
    if (found !== undefined) return found;
    throw new Fault({ code: 'vsphere.malformed', message: `${host}: its service content names no ${name}` });
  };
  const taskManager = asRef(child(content, 'taskManager'));
  const eventManager = asRef(child(content, 'eventManager'));
  return {
    rootFolder: required('rootFolder'),
    propertyCollector: required('propertyCollector'),
    viewManager: required('viewManager'),
    sessionManager: required('sessionManager'),
    ...(taskManager === undefined ? {} : { taskManager }),
    ...(eventManager === undefined ? {} : { eventManager }),
  };
}

function aboutOf(content: Element | undefined): About {
  const about = child(content, 'about');
  const instanceUuid = text(about, 'instanceUuid');
  return {
    fullName: text(about, 'fullName') ?? 'vSphere',
    kind: text(about, 'apiType') === 'HostAgent' ? 'esxi' : 'vcenter',
    ...(instanceUuid === undefined || instanceUuid === '' ? {} : { instanceUuid }),
  };
}
