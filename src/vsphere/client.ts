import { randomBytes } from 'node:crypto';
import type { Deadline } from '../base/deadline.ts';
import { defined } from '../base/defined.ts';
import { Fault } from '../base/fault.ts';
import { type Lines, openLines } from '../transport/https.ts';
import { child, type Ref, ref } from './element.ts';
import { NOT_AUTHENTICATED } from './faults.ts';
import { vspherePeer } from './peer.ts';
import { type About, aboutOf, type ServiceContent, serviceContent } from './service-content.ts';
import type { Connection } from './settings.ts';
import { envelope, isXml, notVsphere, readAll, response, sessionCookie } from './soap.ts';
import { negotiate } from './versions.ts';
import { type Element, leaf, type ReaderOptions } from './xml.ts';

/** One login to a vCenter or an ESXi host. */
export interface Vsphere {
  readonly host: string;
  readonly username: string;
  /** The version of the API that both sides speak: '8.0.3.0'. */
  readonly version: string;
  readonly about: About;
  readonly content: ServiceContent;
  /** 'SHA256:AB:CD:…': the certificate that it showed. */
  readonly certificate: string;
  /** Any certificate is believed there, and this is what says so. */
  readonly unchecked?: Connection['unchecked'] & string;
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

/** No single answer takes longer: a vCenter whose storage hangs answers never. */
const CALL_MS = 120_000;
const LOGOUT_MS = 5_000;

const CONNECTIONS = 8;
/** Nine times what all of 10,000 VMs take in one answer; a server that never ends one is not read for ever. */
const LARGEST_ANSWER_BYTES = 512 * 1024 * 1024;

/** Judges the certificate, finds the common version, logs in. Nothing is left behind where that fails. */
export async function connectVsphere(connection: Connection, limit: Deadline): Promise<Vsphere> {
  const server = { ...connection, peer: vspherePeer(connection.written) };
  const via = await openLines(server, CONNECTIONS, LARGEST_ANSWER_BYTES);
  try {
    return await open(connection, via, limit);
  } catch (error) {
    via.close();
    throw error;
  }
}

async function open(connection: Connection, via: Lines, limit: Deadline): Promise<Vsphere> {
  const { url, username } = connection;
  const host = url.host;
  const operation = `stillpoint-${randomBytes(4).toString('hex')}`;
  let calls = 0;
  let cookie: string | undefined;
  let live = false;
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
    certificate: via.certificate() ?? '',
    ...defined({ unchecked: connection.unchecked }),
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
      if (live) {
        live = false;
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
    live = false;
    const secret = connection.password.reveal();
    const args = [leaf('userName', username), leaf('password', secret), leaf('locale', 'en_US')];
    await call(content.sessionManager, 'Login', args, budget);
    live = true;
  }

  async function commonVersion(): Promise<string> {
    const at = new URL(`${url.href}/vimServiceVersions.xml`);
    const budget = limit.within(CALL_MS, `${host}: vimServiceVersions.xml`);
    try {
      const answer = await via.ask({ method: 'GET', path: at.pathname, again: true }, budget);
      if (answer.status !== 200 || !isXml(answer)) throw await notVsphere(answer, at);
      return negotiate(await readAll(answer, host, {}), host);
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
      const answer = await via.ask(
        {
          method: 'POST',
          path: url.pathname,
          // Nothing that is asked of vSphere here does harm when it is heard twice.
          again: true,
          headers: {
            'Content-Type': 'text/xml; charset="utf-8"',
            SOAPAction: `urn:vim25/${version}`,
            ...defined({ Cookie: cookie }),
          },
          body: envelope(self, method, args, `${operation}-${calls}`),
        },
        budget,
      );
      cookie = sessionCookie(answer) ?? cookie;
      if ((answer.status !== 200 && answer.status !== 500) || !isXml(answer)) throw await notVsphere(answer, url);
      return response(await readAll(answer, host, reading), { host, username, method });
    } finally {
      budget.done();
    }
  }
}
