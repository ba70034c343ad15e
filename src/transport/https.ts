import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Dispatcher, Pool } from 'undici';
import type { Deadline } from '../base/deadline.ts';
import { asFault, type Fault } from '../base/fault.ts';
import { quoted } from '../base/quoted.ts';
import { type Asking, connectionFault, notUtf8, tooLarge } from './https-faults.ts';
import { dialer, type Trusting } from './tls-trust.ts';

export interface Question {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** It does no harm when it is heard twice. */
  readonly again?: boolean;
}

export interface Answer {
  readonly status: number;
  /** Names in lower case; one that came several times is a list. */
  readonly headers: IncomingHttpHeaders;
  /**
   * The text of the body as it arrives, to be read once.
   *
   * @throws Fault `….too-large`, `….malformed` (not UTF-8), `….connection-lost`, `deadline`
   */
  pieces(): AsyncGenerator<string>;
  /** The body is not read, and its connection is closed. */
  discard(): void;
}

export type Asked =
  | { readonly kind: 'answered'; readonly answer: Answer }
  /** `sent` false: no byte of the question has left this process, and none will. */
  | { readonly kind: 'failed'; readonly sent: boolean; readonly why: Fault };

/** Connections to one server, kept and shared. Redirects are not followed, and proxies of the environment not used. */
export interface Lines {
  /** Asks exactly once. Never rejects; obeys the deadline, as the reading of the answer does. */
  once(question: Question, limit: Deadline): Promise<Asked>;
  /**
   * Asks. A question that may be heard twice is asked once more where its connection ended before anything was answered,
   * as a kept one does that the server has just closed.
   *
   * @throws Fault
   */
  ask(question: Question, limit: Deadline): Promise<Answer>;
  /** 'SHA256:AB:CD:…' of the certificate that the server showed last. */
  certificate(): string | undefined;
  /** Ends every connection, also those that are still being made. */
  close(): void;
}

/** An idle connection is kept for as long as a guest may be held, unless the server names a shorter time. */
const KEEP_MS = 60_000;

/**
 * @param connections at once; further questions wait for one of them
 * @param largestBytes of one answer; what is larger is not read to its end
 * @throws Fault `….ca-file`
 */
export async function openLines(server: Trusting, connections: number, largestBytes: number): Promise<Lines> {
  // Half of all the time that a command takes to start, for those that talk to nobody.
  const { Pool } = await import('undici');
  const dial = dialer(server);
  const pool = new Pool(server.url.origin, {
    connections,
    connect: dial.connect,
    pipelining: 1,
    keepAliveTimeout: KEEP_MS,
    // Every question has a deadline of its own.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const once = (question: Question, limit: Deadline): Promise<Asked> =>
    exchange({ pool, server, largestBytes }, question, limit);
  return {
    once,
    async ask(question, limit) {
      // undici frees a connection one turn after its answer: without this, one question after the other would use two.
      await setImmediate();
      for (let attempt = 1; ; attempt += 1) {
        const asked = await once(question, limit);
        if (asked.kind === 'answered') return asked.answer;
        const lost = asked.sent && !limit.signal.aborted;
        if (!lost || question.again !== true || attempt === 2) throw asked.why;
      }
    },
    certificate: dial.certificate,
    close() {
      void pool.destroy();
      dial.close();
    },
  };
}

interface Via {
  readonly pool: Pool;
  readonly server: Trusting;
  readonly largestBytes: number;
}

/** One question and its answer; the deadline ends both at once, wherever they are. */
function exchange({ pool, server, largestBytes }: Via, question: Question, limit: Deadline): Promise<Asked> {
  return new Promise((resolve) => {
    let control: Dispatcher.DispatchController | undefined;
    let body: Readable | undefined;
    let sent = false;
    const asking = { ...server, path: quoted(question.path.replace(/\?.*$/s, '')) };
    const failed = (error: Error): void => {
      limit.signal.removeEventListener('abort', late);
      if (body !== undefined) body.destroy(error);
      else resolve({ kind: 'failed', sent, why: connectionFault(error, asking, limit) });
    };
    const late = (): void => {
      const reason = asFault(limit.signal.reason);
      failed(reason);
      control?.abort(reason);
    };
    if (limit.signal.aborted) return late();
    limit.signal.addEventListener('abort', late, { once: true });
    pool.dispatch(optionsOf(question), {
      onRequestStart(controller) {
        control = controller;
        // The deadline may have passed while this waited for a connection.
        if (limit.signal.aborted) controller.abort(asFault(limit.signal.reason));
        else sent = true;
      },
      onResponseStart(controller, status, headers) {
        if (status < 200) return;
        body = bodyOf(controller, () => limit.signal.removeEventListener('abort', late));
        resolve({ kind: 'answered', answer: answerOf({ status, headers, body, asking, largestBytes, limit }) });
      },
      onResponseData(controller, chunk) {
        if (body?.push(chunk) === false) controller.pause();
      },
      onResponseEnd() {
        body?.push(null);
      },
      onResponseError(_, error) {
        failed(error);
      },
    });
  });
}

function optionsOf({ method, path, headers = {}, body }: Question): Dispatcher.DispatchOptions {
  return { method, path, headers: { 'User-Agent': 'stillpoint', ...headers }, body: body ?? null };
}

/** What comes faster than it is read stays with the server. Destroyed before its end, it takes its connection along. */
function bodyOf(controller: Dispatcher.DispatchController, closed: () => void): Readable {
  const body = new Readable({
    highWaterMark: 64 * 1024,
    read: () => controller.resume(),
    destroy(error, done) {
      if (!body.readableEnded) controller.abort(error ?? new Error('the rest is not read'));
      done(error);
    },
  });
  // It may break before anybody reads it; whoever does is told then.
  return body.on('error', () => {}).on('close', closed);
}

interface Answered extends Pick<Answer, 'status' | 'headers'> {
  readonly body: Readable;
  readonly asking: Asking;
  readonly largestBytes: number;
  readonly limit: Deadline;
}

function answerOf({ status, headers, body, asking, largestBytes, limit }: Answered): Answer {
  return {
    status,
    headers,
    async *pieces() {
      const decoder = new TextDecoder('utf-8', { fatal: true });
      const decoded = (chunk?: Buffer): string => {
        try {
          return decoder.decode(chunk, { stream: chunk !== undefined });
        } catch (error) {
          throw notUtf8(asking, error);
        }
      };
      let bytes = 0;
      try {
        for await (const chunk of body) {
          bytes += chunk.length;
          if (bytes > largestBytes) throw tooLarge(asking, largestBytes);
          yield decoded(chunk);
        }
        yield decoded();
      } catch (error) {
        throw connectionFault(error, asking, limit);
      }
    },
    discard: () => void body.destroy(),
  };
}

/** The beginning of an answer, for a message; the rest is not read. */
export async function beginning(answer: Answer): Promise<string> {
  let text = '';
  for await (const piece of answer.pieces()) {
    text += piece;
    if (text.length > 20_000) break;
  }
  return text;
}
