import type { AddressInfo } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Secret } from '../../src/base/secret.ts';
import { beginning, openLines } from '../../src/transport/https.ts';
import { arrayPeer } from '../../src/transport/peer.ts';
import { patient } from '../patience.ts';
import { cleaned, client, refusal, scripted, secretless, TOKEN, within } from './rest-kit.ts';
import { html, json } from './rest-server.ts';

const LONG_MS = patient(20_000);

describe('whom the client believes', () => {
  test('a certificate that nobody vouches for is refused; no request reaches the array, and it is certain', async () => {
    const server = await scripted({});
    const stranger = client({ ...server, fingerprint: 'ab'.repeat(32) });
    const fault = await refusal(stranger.ask('GET', '/api', {}, within(LONG_MS)));
    expect(fault.code).toBe('array.wrong-certificate');
    expect(fault.message).toContain('not the one that arrays.fast.tls.fingerprint names');
    expect(fault.hint).toContain(
      `  arrays:\n    fast:\n      tls: { fingerprint: "${server.certificate.fingerprint}" }`,
    );
    expect(stranger.certificate()).toBe(server.certificate.fingerprint);
    expect((await stranger.once('POST', '/fire', {}, within(LONG_MS))).kind).toBe('not-sent');
    expect(server.asked).toEqual([]);
  });
});

describe('a question and its answer', () => {
  test('JSON goes out and comes in; secrets are revealed only in what is sent', async () => {
    const server = await scripted({ 'POST /base/login': (response) => json(response, 201, { items: [7] }) });
    const array = client({ ...server, url: new URL('/base/', server.url) });
    const body = { user: 'reader', password: new Secret(TOKEN), list: [new Secret('x')] };
    const query = { filter: "serial='A B+C'", limit: 5 };
    const reply = await array.ask('POST', '/login', { body, query }, within(LONG_MS));
    expect(reply).toMatchObject({ status: 201, json: { items: [7] } });
    expect(server.asked).toMatchObject([
      {
        what: "POST /base/login?filter=serial%3D'A%20B%2BC'&limit=5",
        headers: { 'x-auth-token': TOKEN, 'content-type': 'application/json', accept: 'application/json' },
        body: `{"user":"reader","password":"${TOKEN}","list":["x"]}`,
      },
    ]);
    expect(JSON.stringify(body)).not.toContain(TOKEN);
  });

  test('an answer without a body has no JSON; a refusal with JSON is an answer', async () => {
    const server = await scripted({ 'DELETE /a': (response) => void response.writeHead(204).end() });
    const array = client(server);
    expect(await array.ask('DELETE', '/a', {}, within(LONG_MS))).toMatchObject({ status: 204, json: undefined });
    const gone = await array.ask('GET', '/b', {}, within(LONG_MS));
    expect(gone).toMatchObject({ status: 404, json: { error: 'no such thing' } });
  });

  test('what an array repeats of our secrets is taken out of what a message quotes', async () => {
    const server = await scripted({
      'GET /a': (response, { headers }) => json(response, 400, { error: `bad token ${headers['x-auth-token']}` }),
    });
    const array = client(server);
    const { json: said } = await array.ask('GET', '/a', {}, within(LONG_MS));
    expect(array.quoted(JSON.stringify(said))).toBe('{"error":"bad token [secret]"}');
  });
});

describe('what may answer instead of the API', () => {
  const cases = {
    'a login page': {
      answer: [200, `<title>Sign in ${TOKEN}</title>`],
      code: 'array.not-json',
      says: 'GET /api: the answer is a web page, "Sign in [secret]" (HTTP 200)',
    },
    'a redirect': {
      answer: [302, '', { Location: `https://sso.test/auth?token=${TOKEN}` }],
      code: 'array.redirected',
      says: 'GET /api: the array redirects to https://sso.test/auth (HTTP 302)',
    },
    'a service that is down': {
      answer: [503, '<h1>no healthy upstream</h1>'],
      code: 'array.unavailable',
      says: 'GET /api: the array answers HTTP 503, without JSON',
    },
    text: { answer: [200, 'hello'], code: 'array.not-json', says: 'something that is not JSON (HTTP 200)' },
    'a page that refuses the login': {
      answer: [401, `<title>${TOKEN}</title>`],
      code: 'array.session-ended',
      says: 'GET /api: the array does not accept the login',
    },
  } as const;
  test.each(Object.entries(cases))('%s', async (_, { answer: [status, body, headers], code, says }) => {
    const server = await scripted({ 'GET /api': (response) => html(response, status, body, headers) });
    const fault = await refusal(client(server).ask('GET', '/api', { query: { key: TOKEN } }, within(LONG_MS)));
    expect({ code: fault.code, message: fault.message }).toEqual({ code, message: expect.stringContaining(says) });
    expect(fault.message).toContain(server.url.host);
  });

  test('something that is not HTTP, with a cookie in it', async () => {
    const { certificate, fingerprint } = await scripted({});
    const odd = createTls({ key: certificate.key, cert: certificate.cert }, (socket) => {
      socket.on('error', () => undefined).write(`HTTP/1.1 200 OK\r\nno header\r\nSet-Cookie: ${TOKEN}\r\n\r\n`);
    });
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
    cleaned(() => void odd.close());
    const url = new URL(`https://127.0.0.1:${(odd.address() as AddressInfo).port}`);
    const fault = await refusal(client({ url, fingerprint }).ask('POST', '/api', {}, within(LONG_MS)));
    expect(fault.message).toBe(`${url.host}/api: the answer is not HTTP`);
  });

  test('more than is read, or bytes that are not UTF-8', async () => {
    const server = await scripted({
      'GET /long': (response) => json(response, 200, 'x'.repeat(1000)),
      'GET /bytes': (response) => void response.end(Buffer.of(0x22, 0xff, 0x22)),
    });
    const trust = { fingerprint: server.fingerprint };
    const lines = await openLines({ url: server.url, peer: arrayPeer('fast'), trust }, 1, 1000);
    cleaned(() => lines.close());
    const codes = [];
    for (const path of ['/long', '/bytes']) {
      const answer = await lines.ask({ method: 'GET', path }, within(LONG_MS));
      codes.push((await refusal(beginning(answer))).code);
    }
    expect(codes).toEqual(['array.too-large', 'array.malformed']);
  });
});

describe('an answer that does not come', () => {
  test('ends with the deadline, which names the request; the next one is answered', async () => {
    const server = await scripted({ 'GET /never': () => {}, 'GET /a': (response) => json(response, 200, 1) });
    const array = client(server, { parallel: 1 });
    const fault = await refusal(array.ask('GET', '/never', { query: { key: TOKEN } }, within(100)));
    expect(fault.code).toBe('deadline');
    expect(fault.message).toContain(`${server.url.host}: GET /never: no answer`);
    expect((await array.ask('GET', '/a', {}, within(LONG_MS))).json).toBe(1);
  });

  test('so does a body that stalls', async () => {
    const server = await scripted({ 'GET /half': (response) => void response.write('{"items":[') });
    const fault = await refusal(client(server).ask('GET', '/half', {}, within(200)));
    expect(fault.code).toBe('deadline');
  });

  test('a body that breaks off is said as such', async () => {
    const server = await scripted({
      'GET /half': (response) => void response.write('{"items":[', () => response.socket?.destroy()),
    });
    const fault = await refusal(client(server).ask('GET', '/half', {}, within(LONG_MS)));
    expect(fault.message).toBe(`${server.url.host}/half: the connection broke`);
    expect(server.count('GET /half')).toBe(1);
  });

  test('a connection that ends unanswered: a GET is sent once more, anything else is not', async () => {
    const reset = (response: { readonly socket: { destroy(): void } | null }): void => void response.socket?.destroy();
    const server = await scripted({
      'GET /a': (response, _, before) => (before === 0 ? reset(response) : json(response, 200, 'second')),
      'GET /b': reset,
      'POST /c': reset,
    });
    const array = client(server);
    expect((await array.ask('GET', '/a', {}, within(LONG_MS))).json).toBe('second');
    expect((await refusal(array.ask('GET', '/b', {}, within(LONG_MS)))).code).toBe('array.connection-lost');
    expect((await refusal(array.ask('POST', '/c', {}, within(LONG_MS)))).code).toBe('array.connection-lost');
    expect(['GET /b', 'POST /c'].map(server.count)).toEqual([2, 1]);
  });

  test('a kept connection that the array closed meanwhile is replaced', async () => {
    const server = await scripted({ 'POST /a': (response) => json(response, 200, 1) });
    const array = client(server);
    await array.ask('POST', '/a', {}, within(LONG_MS));
    await array.ask('POST', '/a', {}, within(LONG_MS));
    expect(server.connections()).toBe(1);
    server.dropConnections();
    expect((await array.once('POST', '/a', {}, within(LONG_MS))).kind).toBe('answered');
    expect(server.connections()).toBe(2);
  });
});

describe('a request that must not be sent twice', () => {
  test('is certainly not sent where nothing listens', async () => {
    const server = await scripted({});
    await server.close();
    const outcome = await client(server).once('POST', '/fire', {}, within(LONG_MS));
    if (outcome.kind !== 'not-sent') throw new Error(outcome.kind);
    expect(secretless(outcome.why).code).toBe('array.refused');
    expect(outcome.why.hint).toContain('arrays.fast.url');
  });

  test('is certainly not sent where it waited for a connection until the deadline', async () => {
    let answer = (): void => {};
    const server = await scripted({
      'GET /slow': (response) => {
        answer = () => json(response, 200, 'late');
      },
      'POST /fire': (response) => json(response, 200, 1),
    });
    const array = client(server, { parallel: 1 });
    const slow = array.ask('GET', '/slow', {}, within(LONG_MS));
    await vi.waitUntil(() => server.count('GET /slow') === 1, LONG_MS);
    const outcome = await array.once('POST', '/fire', {}, within(100));
    if (outcome.kind !== 'not-sent') throw new Error(outcome.kind);
    expect(secretless(outcome.why).code).toBe('deadline');
    answer();
    expect((await slow).json).toBe('late');
    await array.ask('GET', '/other', {}, within(LONG_MS));
    expect(server.count('POST /fire')).toBe(0);
  });

  test.each([
    ['ends unanswered', 'array.connection-lost'],
    ['is not answered in time', 'deadline'],
    ['breaks off in the answer', 'array.connection-lost'],
    ['is answered by a proxy', 'array.unavailable'],
    ['is answered by a login page', 'array.not-json'],
  ])('is unknown where it %s, and is sent once', async (how, code) => {
    const server = await scripted({
      'POST /fire': (response) => {
        if (how === 'ends unanswered') response.socket?.destroy();
        if (how === 'breaks off in the answer') response.write('{', () => response.socket?.destroy());
        if (how === 'is answered by a proxy') html(response, 502, 'Bad Gateway');
        if (how === 'is answered by a login page') html(response, 200, '<title>Log in</title>');
      },
    });
    const outcome = await client(server).once('POST', '/fire', {}, within(code === 'deadline' ? 300 : LONG_MS));
    if (outcome.kind !== 'unknown') throw new Error(outcome.kind);
    expect(secretless(outcome.why).code).toBe(code);
    expect(server.count('POST /fire')).toBe(1);
  });

  test.each([200, 202, 401, 409, 429, 503])('is answered with HTTP %i', async (status) => {
    const server = await scripted({
      'POST /fire': (response) => json(response, status, { job: 1 }, { 'Retry-After': '1' }),
    });
    const outcome = await client(server).once('POST', '/fire', {}, within(LONG_MS));
    expect(outcome).toMatchObject({ kind: 'answered', reply: { status, json: { job: 1 } } });
    expect(server.count('POST /fire')).toBe(1);
  });

  test('is answered where it is refused in a page', async () => {
    const server = await scripted({ 'POST /fire': (response) => html(response, 403, 'Forbidden') });
    const outcome = await client(server).once('POST', '/fire', {}, within(LONG_MS));
    expect(outcome).toMatchObject({ kind: 'answered', reply: { status: 403, json: undefined } });
  });
});

describe('an array that is busy', () => {
  /** Waits are noted, and over at once. */
  function noting(): { readonly waits: number[]; readonly clock: typeof systemClock } {
    const waits: number[] = [];
    const after = (ms: number, run: () => void): (() => void) => {
      waits.push(ms);
      return systemClock.after(0, run);
    };
    return { waits, clock: { ...systemClock, after } };
  }

  test.each([
    [429, '2', 2000],
    [503, '0', 1000],
    [503, new Date(0).toUTCString(), 1000],
  ])('HTTP %i with Retry-After: %s is asked again after %i ms', async (status, after, waitMs) => {
    const { waits, clock } = noting();
    const server = await scripted({
      'GET /a': (response, _, before) =>
        before < 2 ? html(response, status, 'busy', { 'Retry-After': after }) : json(response, 200, 'now'),
    });
    expect((await client(server, { clock }).read('/a', {}, within(LONG_MS))).json).toBe('now');
    expect(waits).toEqual([waitMs, waitMs]);
  });

  test('that asks for more time than there is: a Fault at once', async () => {
    const { waits, clock } = noting();
    const server = await scripted({ 'GET /a': (response) => json(response, 429, {}, { 'Retry-After': '120' }) });
    const fault = await refusal(client(server, { clock }).read('/a', {}, within(100_000)));
    expect(fault.code).toBe('array.busy');
    expect(fault.message).toContain('asks to wait 120 s; only ');
    expect({ waits, asked: server.count('GET /a') }).toEqual({ waits: [], asked: 1 });
  });

  test('without Retry-After: the answer, as it is', async () => {
    const server = await scripted({ 'GET /a': (response) => json(response, 429, { error: 'slow down' }) });
    expect(await client(server).read('/a', {}, within(LONG_MS))).toMatchObject({ status: 429 });
    expect(server.count('GET /a')).toBe(1);
  });
});
