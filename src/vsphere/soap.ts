import { Fault } from '../base/fault.ts';
import { quoted } from '../base/quoted.ts';
import { type Answer, beginning } from '../transport/https.ts';
import { placeOf, titleOf } from '../transport/web-page.ts';
import { child, type Ref, refId, refType } from './element.ts';
import { type Asked, soapFault } from './faults.ts';
import { branch, type Element, escaped, leaf, type ReaderOptions, xmlReader } from './xml.ts';

/** A call as XML. `args` are written already, in the order of the method's definition. */
export function envelope(self: Ref, method: string, args: readonly string[], operation: string): string {
  const target = `<_this type="${escaped(refType(self))}">${escaped(refId(self))}</_this>`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"',
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
    branch('soapenv:Header', [leaf('operationID', operation)]),
    `<soapenv:Body><${method} xmlns="urn:vim25">${target}${args.join('')}</${method}></soapenv:Body>`,
    '</soapenv:Envelope>',
  ].join('');
}

/** The whole answer as an element, without what `reading` takes out of it on the way. */
export async function readAll(answer: Answer, host: string, reading: ReaderOptions): Promise<Element> {
  const reader = xmlReader(reading);
  try {
    for await (const piece of answer.pieces()) reader.write(piece);
    return reader.end();
  } catch (error) {
    throw error instanceof Fault && error.code === 'vsphere.malformed' ? error.of(host) : error;
  }
}

/** The response inside an envelope; a fault in its place is thrown. */
export function response(document: Element, asked: Asked): Element {
  const first = child(document, 'Body')?.children[0];
  if (first === undefined) {
    throw new Fault({ code: 'vsphere.malformed', message: `${asked.host}: ${asked.method}: the answer has no body` });
  }
  if (first.name === 'Fault') throw soapFault(first, asked);
  return first;
}

/** Name and value as they came, quotes and all: the server compares them as text. */
export function sessionCookie(answer: Answer): string | undefined {
  return [answer.headers['set-cookie'] ?? []]
    .flat()
    .find((line) => line.startsWith('vmware_soap_session='))
    ?.split(';')[0];
}

export function isXml(answer: Answer): boolean {
  return /\b(text|application)\/(soap\+)?xml\b/i.test(answer.headers['content-type'] ?? '');
}

/** What answered, where it was not vSphere: a redirect, a proxy's page, a service that is still starting. */
export async function notVsphere(answer: Answer, url: URL): Promise<Fault> {
  const { status } = answer;
  const { location } = answer.headers;
  if (status >= 300 && status < 400 && location !== undefined) {
    answer.discard();
    return new Fault({
      code: 'vsphere.redirected',
      message: `${url.host} sends us to ${quoted(placeOf(location, url))}`,
      hint: 'If that is the right place, write it as vsphere.url; redirects are not followed.',
    });
  }
  if (status === 503) {
    answer.discard();
    return new Fault({
      code: 'vsphere.unavailable',
      message: `${url.host} says that its service is not available (HTTP 503)`,
      hint: 'A vCenter that has just started needs some minutes; try again.',
    });
  }
  const page = await beginning(answer);
  const title = titleOf(page);
  const what = title === undefined ? 'something that is not vSphere' : `a web page, "${title}"`;
  return new Fault({
    code: 'vsphere.not-vsphere',
    message: `${url.host}${url.pathname} answers with ${what} (HTTP ${status})`,
    hint: 'Check vsphere.url: host, port and path (/sdk); a proxy may stand in between.',
  });
}
