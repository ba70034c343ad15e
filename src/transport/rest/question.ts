import { Secret } from '../../base/secret.ts';
import type { Question } from '../https.ts';

export type RestHeaders = Readonly<Record<string, string | Secret>>;

/** What goes with a method and a path. A Secret in a header or a body is revealed only in what is sent. */
export interface RestQuestion {
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: RestHeaders;
}

/**
 * The question as it is sent.
 *
 * @param path from the root of the server, every part encoded; it stands in faults, so it must hold no secret
 * @param seen every Secret that is revealed is added
 */
export function written(
  method: Question['method'],
  path: string,
  { query = {}, body, headers = {} }: RestQuestion,
  seen: Set<Secret>,
): Question {
  const revealed = (value: unknown): unknown => {
    if (!(value instanceof Secret)) return value;
    seen.add(value);
    return value.reveal();
  };
  const pairs = Object.entries(query).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  const all = Object.entries({
    Accept: 'application/json',
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...headers,
  });
  return {
    method,
    path: pairs.length === 0 ? path : `${path}?${pairs.join('&')}`,
    headers: Object.fromEntries(all.map(([name, value]) => [name, String(revealed(value))])),
    ...(body === undefined ? {} : { body: json(body, revealed) }),
  };
}

/** `toJSON` hides a Secret before a replacer sees it, so this one looks at the object that holds it. */
function json(body: unknown, revealed: (value: unknown) => unknown): string {
  return JSON.stringify(body, function (this: Record<string, unknown>, key, value: unknown) {
    return this[key] instanceof Secret ? revealed(this[key]) : value;
  });
}
