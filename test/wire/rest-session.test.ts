import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { pages } from '../../src/transport/rest/pages.ts';
import { type Session, session } from '../../src/transport/rest/session.ts';
import type { Rest } from '../../src/transport/rest.ts';
import { patient } from '../patience.ts';
import { client, refusal, scripted, TOKEN, within } from './rest-kit.ts';
import { json, type RestServer } from './rest-server.ts';

const LONG_MS = patient(20_000);

describe('a session', () => {
  /** An array that accepts the token of its last login only; `ends()` ends the session. */
  async function array(accepts = true): Promise<{ server: RestServer; rest: Rest; session: Session; ends(): void }> {
    let valid = '';
    let logins = 0;
    const server = await scripted({
      'POST /login': (response, { body }) => {
        if (!accepts || JSON.parse(body).password !== TOKEN) return json(response, 401, {});
        logins += 1;
        valid = `session-${logins}`;
        json(response, 200, {}, { 'x-auth-token': valid });
      },
      'GET /volumes': (response, { headers }) =>
        headers['x-auth-token'] === valid ? json(response, 200, { items: [] }) : json(response, 401, {}),
      'POST /fire': (response) => json(response, 401, {}),
    });
    const rest = client(server, { headers: {} });
    const login = session(async (limit) => {
      const body = { password: new Secret(TOKEN) };
      const { headers } = await rest.ask('POST', '/login', { body }, limit);
      return { 'x-auth-token': new Secret(String(headers['x-auth-token'])) };
    });
    return {
      server,
      rest,
      session: login,
      ends() {
        valid = 'none';
      },
    };
  }
  const volumes = ({ session, rest }: { session: Session; rest: Rest }): Promise<unknown> => {
    const limit = within(LONG_MS);
    return session.loggedIn((headers) => rest.ask('GET', '/volumes', { headers }, limit), limit);
  };

  test('begins at the first question and is kept', async () => {
    const one = await array();
    await volumes(one);
    expect(await volumes(one)).toMatchObject({ status: 200 });
    expect(one.server.count('POST /login')).toBe(1);
  });

  test('that has ended is begun again once, also where several questions find it ended at the same time', async () => {
    const one = await array();
    await volumes(one);
    one.ends();
    const both = await Promise.all([volumes(one), volumes(one)]);
    expect(both).toMatchObject([{ status: 200 }, { status: 200 }]);
    expect(one.server.count('POST /login')).toBe(2);
  });

  test('that cannot be begun is a Fault, and is tried again by the next question only', async () => {
    const one = await array(false);
    expect((await refusal(volumes(one))).code).toBe('array.session-ended');
    expect(one.server.count('POST /login')).toBe(1);
    await refusal(volumes(one));
    expect(one.server.count('POST /login')).toBe(2);
  });

  test('gives its headers to a request that is sent once, which never logs in', async () => {
    const one = await array();
    await volumes(one);
    one.ends();
    const outcome = await one.rest.once('POST', '/fire', { headers: one.session.headers() }, within(LONG_MS));
    expect(outcome).toMatchObject({ kind: 'answered', reply: { status: 401 } });
    expect(one.server.count('POST /login')).toBe(1);
  });
});

describe('a list that comes in pages', () => {
  test('is read to its end', async () => {
    const server = await scripted({
      'GET /list': (response, { what }) => {
        const at = Number(/at=(\d)/.exec(what)?.[1] ?? 0);
        json(response, 200, { items: [at], next: at < 2 ? at + 1 : null });
      },
    });
    const rest = client(server);
    const all = await pages(async (next) => {
      const query = next === undefined ? {} : { at: next };
      const { json } = await rest.read('/list', { query }, within(LONG_MS));
      const page = json as { items: number[]; next: number | null };
      return { items: page.items, next: page.next === null ? undefined : String(page.next) };
    }, 'the list');
    expect(all).toEqual([0, 1, 2]);
  });

  test('and that names a page again is a Fault', async () => {
    const fault = await refusal(pages(async () => ({ items: [1], next: 'same' }), 'pure-a: GET /list'));
    expect(fault.code).toBe('array.endless-list');
    expect(fault.message).toContain('pure-a: GET /list: the list does not end');
  });
});
