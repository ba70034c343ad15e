import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type Certificate, selfSigned } from '../../src/demo/vcenter/certificate.ts';

interface Asked {
  /** 'GET /api/volumes?filter=…' */
  readonly what: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What one question is answered with, by how often it came before. */
export type Answering = (response: ServerResponse, asked: Asked, before: number) => void;

export interface RestServer {
  readonly url: URL;
  readonly certificate: Certificate;
  /** SHA-256 of it, as settings have it. */
  readonly fingerprint: string;
  readonly asked: readonly Asked[];
  /** Connections that were begun. */
  connections(): number;
  /** How many times this was asked. */
  count(what: string): number;
  /** Ends idle connections as a server does after its keep-alive time. */
  dropConnections(): void;
  close(): Promise<void>;
}

/** HTTPS on loopback with the bytes that a test wants; `what` without its query is looked up. */
export async function startRest(script: Readonly<Record<string, Answering>>): Promise<RestServer> {
  const certificate = selfSigned('array', new Date());
  const asked: Asked[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ key: certificate.key, cert: certificate.cert }, async (request, response) => {
    const what = `${request.method} ${request.url}`;
    const before = asked.filter((earlier) => earlier.what === what).length;
    const one = { what, headers: request.headers, body: await bodyOf(request) };
    asked.push(one);
    const answering = script[what.replace(/\?.*/, '')];
    if (answering === undefined) json(response, 404, { error: 'no such thing' });
    else answering(response, one, before);
  });
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const dropConnections = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: new URL(`https://127.0.0.1:${port}/`),
    certificate,
    fingerprint: certificate.fingerprint.replace('SHA256:', '').replaceAll(':', '').toLowerCase(),
    asked,
    connections: () => connections,
    count: (what) => asked.filter((one) => one.what === what).length,
    dropConnections,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      dropConnections();
      await closed;
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

export function html(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'text/html', ...headers });
  response.end(body);
}
