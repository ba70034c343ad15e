import { type Clock, sleep } from '../base/clock.ts';
import { beforeDeadline, type Deadline } from '../base/deadline.ts';
import { asFault, type Fault } from '../base/fault.ts';
import { quoted } from '../base/quoted.ts';
import { type Secret, withoutSecrets } from '../base/secret.ts';
import { type Answer, type Lines, openLines, type Question } from './https.ts';
import { arrayPeer } from './peer.ts';
import { type RestHeaders, type RestQuestion, written } from './rest/question.ts';
import { busy, type Raw, type Reply, refusalOf, replyOf, type Where } from './rest/reply.ts';
import { retryAfterMs } from './rest/retry-after.ts';
import type { Trust } from './tls-settings.ts';

export interface RestSettings {
  /** Its name in the topology. */
  readonly array: string;
  /** https; a path of its own comes before the path of every request. */
  readonly url: URL;
  /** Absent: the system's CAs. */
  readonly trust?: Trust;
  readonly clock: Clock;
  /** Of every request; those of a request win. */
  readonly headers?: RestHeaders;
  /** Requests at once; others wait for one of them to end. */
  readonly parallel: number;
}

type Method = Question['method'];

/** What became of a request that must not be sent twice. */
export type Once =
  /** Any status, 401 and 503 too: whether that is a yes is the make's knowledge. */
  | { readonly kind: 'answered'; readonly reply: Reply }
  /** No byte of it left this process, and none will. */
  | { readonly kind: 'not-sent'; readonly why: Fault }
  /** Sent, and no answer that can be read: the array may carry it out, also later. */
  | { readonly kind: 'unknown'; readonly why: Fault };

/** JSON over HTTPS to one array. Knows no make. Faults name host and path, never a header, a query or a body. */
export interface Rest {
  /**
   * One request. An answer that brings JSON or nothing is a reply, whatever its status but 401. A GET is sent a second time
   * where its connection ended before anything was answered; nothing else is.
   *
   * @param path from `url`, every part encoded; it stands in faults, so it must hold no secret
   * @throws Fault `array.…` (see rest/reply.ts, https.ts and tls-trust.ts), `deadline`
   */
  ask(method: Method, path: string, question: RestQuestion, limit: Deadline): Promise<Reply>;
  /**
   * A GET that waits where the array is busy and says for how long (429 or 503 with Retry-After), as long as the deadline
   * allows. Never inside the window.
   *
   * @throws Fault as `ask`, and `array.busy` where the array asks for more time than there is
   */
  read(path: string, question: Omit<RestQuestion, 'body'>, limit: Deadline): Promise<Reply>;
  /** A request that is sent once and never again: a fire. Never rejects. A connection that is kept saves its set-up. */
  once(method: Method, path: string, question: RestQuestion, limit: Deadline): Promise<Once>;
  /** What the array said, for a message: 300 characters of it, without any Secret that was sent. */
  quoted(text: string): string;
  /** 'SHA256:AB:CD:…' of the certificate that the array showed last. */
  certificate(): string | undefined;
  /** Ends every connection. Never rejects. */
  close(): Promise<void>;
}

/** Ten times a listing of 100,000 snapshots in the most talkative API. */
const LARGEST_ANSWER_BYTES = 64 * 1024 * 1024;

/** Nothing is connected before the first request. */
export function rest(settings: RestSettings): Rest {
  const { url, clock, parallel } = settings;
  const peer = arrayPeer(settings.array);
  const secrets = new Set<Secret>();
  let opening: Promise<Lines> | undefined;
  let lines: Lines | undefined;

  const said = (text: string): string => quoted(withoutSecrets(text, secrets));

  async function open(limit: Deadline): Promise<Lines> {
    opening ??= openLines({ ...settings, peer }, parallel, LARGEST_ANSWER_BYTES);
    lines = await beforeDeadline(opening, limit);
    return lines;
  }

  /** Everything that one request needs, under a deadline that says which it was. */
  async function asking<T>(
    { method, path, ...given }: RestQuestion & { readonly method: Method; readonly path: string },
    limit: Deadline,
    work: (via: Lines, question: Question, where: Where, budget: Deadline) => Promise<T>,
  ): Promise<T> {
    const whole = `${url.pathname.replace(/\/+$/, '')}${path}`;
    const what = `${method} ${quoted(whole)}`;
    const headers = { ...settings.headers, ...given.headers };
    const question = written(method, whole, { ...given, headers }, secrets);
    const budget = limit.within(limit.remainingMs(), `${url.host}: ${what}`);
    try {
      return await work(await open(budget), question, { url, peer, what, quoted: said }, budget);
    } finally {
      budget.done();
    }
  }

  return {
    ask(method, path, given, limit) {
      return asking({ method, path, ...given }, limit, async (via, question, where, budget) =>
        replyOf(await received(await via.ask({ ...question, again: method === 'GET' }, budget)), where),
      );
    },
    async read(path, given, limit) {
      for (;;) {
        const reply = await asking({ method: 'GET', path, ...given }, limit, async (via, question, where, budget) => {
          const answer = await received(await via.ask({ ...question, again: true }, budget));
          const waitMs = retryAfterMs(answer.status, answer.headers, clock);
          if (waitMs === undefined) return replyOf(answer, where);
          const leftMs = limit.remainingMs();
          if (waitMs >= leftMs) throw busy(where, answer.status, waitMs, leftMs);
          return waitMs;
        });
        if (typeof reply !== 'number') return reply;
        await sleep(clock, reply, limit.signal);
      }
    },
    async once(method, path, given, limit) {
      let sent = false;
      try {
        return await asking({ method, path, ...given }, limit, async (via, question, where, budget) => {
          const asked = await via.once(question, budget);
          sent = asked.kind === 'answered' || asked.sent;
          if (asked.kind === 'failed') throw asked.why;
          const answer = await received(asked.answer);
          const refused = answer.status >= 400 && answer.status < 500;
          return { kind: 'answered' as const, reply: refused ? refusalOf(answer) : replyOf(answer, where) };
        });
      } catch (error) {
        return { kind: sent ? 'unknown' : 'not-sent', why: asFault(error) };
      }
    },
    quoted: said,
    certificate: () => lines?.certificate(),
    async close() {
      await opening?.then(
        (open) => open.close(),
        () => {},
      );
    },
  };
}

async function received(answer: Answer): Promise<Raw> {
  let text = '';
  for await (const piece of answer.pieces()) text += piece;
  return { status: answer.status, headers: answer.headers, text };
}
