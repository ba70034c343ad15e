import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSigned } from '../../../src/demo/vcenter/certificate.ts';

/** Stands between us and a vCenter, hears all its answers, and can break one of them. */
export interface Meddler {
  readonly url: string;
  readonly tls: { readonly fingerprint: string };
  /** Every answer so far, once. */
  heard(): readonly string[];
  /** From now on: the answer after so many others goes through `mutate`. */
  breakNext(after: number, mutate: (body: string) => Buffer): void;
  close(): Promise<void>;
}

export async function startMeddler(target: string): Promise<Meddler> {
  const certificate = selfSigned('meddler', new Date());
  const heard = new Set<string>();
  let before = Number.POSITIVE_INFINITY;
  let mutate = (body: string): Buffer => Buffer.from(body);

  const server = createServer({ key: certificate.key, cert: certificate.cert }, (incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const answer = await forwarded(incoming, new URL(incoming.url ?? '', target));
    const body = (await whole(answer)).toString();
    heard.add(body);
    const broken = before === 0;
    before -= 1;
    outgoing.writeHead(answer.statusCode ?? 200, {
      'Content-Type': 'text/xml',
      ...(answer.headers['set-cookie'] === undefined ? {} : { 'Set-Cookie': answer.headers['set-cookie'] }),
    });
    outgoing.end(broken ? mutate(body) : body);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}/sdk`,
    tls: { fingerprint: certificate.fingerprint.replace('SHA256:', '').replaceAll(':', '').toLowerCase() },
    heard: () => [...heard],
    breakNext(after, how) {
      before = after;
      mutate = how;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function forwarded(incoming: IncomingMessage, url: URL): Promise<IncomingMessage> {
  const body = await whole(incoming);
  return new Promise((resolve, reject) => {
    const { method, headers } = incoming;
    // On loopback, to a server of this test's own.
    const outgoing = request(url, { method, headers: { ...headers, host: url.host }, rejectUnauthorized: false });
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

async function whole(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
