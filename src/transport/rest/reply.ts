import type { IncomingHttpHeaders } from 'node:http';
import { seconds } from '../../base/deadline.ts';
import { Fault } from '../../base/fault.ts';
import { parseJson } from '../../base/json.ts';
import type { Peer } from '../peer.ts';
import { placeOf, titleOf } from '../web-page.ts';

export interface Reply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** The body; undefined where there is none. */
  readonly json: unknown;
}

export interface Raw {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What was asked, for faults. */
export interface Where {
  readonly url: URL;
  readonly peer: Peer;
  /** 'GET /api/2.26/volumes', without its query. */
  readonly what: string;
  /** What the array said, cut to a length that a message bears, and without our secrets. */
  quoted(text: string): string;
}

/** Also what a make throws where its array says so in another way than HTTP 401. */
export const SESSION_ENDED = 'array.session-ended';

/**
 * An answer of the API: any status that brings JSON or nothing, but no redirect, no 401, and no 5xx without JSON.
 *
 * @throws Fault `array.redirected`, `array.session-ended`, `array.unavailable`, `array.not-json`
 */
export function replyOf({ status, headers, text }: Raw, where: Where): Reply {
  const fault = (code: string, message: string, hint: string): Fault =>
    new Fault({ code, message: `${where.url.host}: ${where.what}: ${message}`, hint });
  const urlKey = where.peer.written.url;
  if (status >= 300 && status < 400) {
    const to = where.quoted(placeOf(headers.location ?? '', where.url));
    const hint = `If that is the right place, write it as ${urlKey}; redirects are not followed.`;
    throw fault('array.redirected', `the array redirects to ${to} (HTTP ${status})`, hint);
  }
  if (status === 401) {
    const message = 'the array does not accept the login, or the session has ended (HTTP 401)';
    throw fault(SESSION_ENDED, message, 'Check the user, and the password or token.');
  }
  const json = text.trim() === '' ? undefined : parseJson(text);
  if (status >= 500 && json === undefined) {
    const hint = 'The service of the array may be starting or overloaded: try again, then look at the array.';
    throw fault('array.unavailable', `the array answers HTTP ${status}, without JSON`, hint);
  }
  if (json === undefined && text.trim() !== '') {
    const title = titleOf(text);
    const page = title === undefined ? 'something that is not JSON' : `a web page, "${where.quoted(title)}"`;
    const hint = `Check ${urlKey}: host, port and path; a proxy or a login page may answer instead of the API.`;
    throw fault('array.not-json', `the answer is ${page} (HTTP ${status})`, hint);
  }
  return { status, headers, json };
}

/** An answer that is a no in any words: the JSON in it is only for the message. */
export function refusalOf({ status, headers, text }: Raw): Reply {
  return { status, headers, json: parseJson(text) };
}

/** The array asks us to wait for longer than there is time. */
export function busy(where: Where, status: number, waitMs: number, leftMs: number): Fault {
  return new Fault({
    code: 'array.busy',
    message: `${where.url.host}: ${where.what}: the array is busy (HTTP ${status}) and asks to wait ${seconds(waitMs)}; only ${seconds(leftMs)} are left`,
    hint: 'Try again later, or find out what else sends requests to the array.',
  });
}
