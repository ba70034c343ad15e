import { inspect } from 'node:util';
import { afterEach, expect } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { type Deadline, deadline } from '../../src/base/deadline.ts';
import { Fault } from '../../src/base/fault.ts';
import { Secret } from '../../src/base/secret.ts';
import { type Rest, type RestSettings, rest } from '../../src/transport/rest.ts';
import { type Answering, type RestServer, startRest } from './rest-server.ts';

/** In no fault of any test. */
export const TOKEN = 'T-corr3ct/horse';

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export function cleaned(cleanup: () => void | Promise<void>): void {
  cleanups.push(cleanup);
}

export async function scripted(script: Readonly<Record<string, Answering>>): Promise<RestServer> {
  const server = await startRest(script);
  cleaned(() => server.close());
  return server;
}

/** A client of this server, with a token in every request. */
export function client(server: Pick<RestServer, 'url' | 'fingerprint'>, settings: Partial<RestSettings> = {}): Rest {
  const made = rest({
    array: 'fast',
    url: server.url,
    trust: { fingerprint: server.fingerprint },
    clock: systemClock,
    headers: { 'x-auth-token': new Secret(TOKEN) },
    parallel: 2,
    ...settings,
  });
  cleaned(() => made.close());
  return made;
}

export function within(ms: number): Deadline {
  const limit = deadline(systemClock, ms, 'the test');
  cleaned(() => limit.done());
  return limit;
}

export async function refusal(work: Promise<unknown>): Promise<Fault> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  return secretless(thrown);
}

/** The fault, after everything in it and behind it was searched for the token. */
export function secretless(thrown: unknown): Fault {
  if (!(thrown instanceof Fault)) throw new Error(`no Fault but ${String(thrown)}`);
  const all = `${thrown.message} ${thrown.hint} ${inspect(thrown, { depth: 12, showHidden: true, maxStringLength: null })}`;
  expect(all).not.toContain(TOKEN);
  expect(all).not.toContain(encodeURIComponent(TOKEN));
  return thrown;
}
