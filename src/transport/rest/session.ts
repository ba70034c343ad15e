import { beforeDeadline, type Deadline } from '../../base/deadline.ts';
import { asFault } from '../../base/fault.ts';
import type { RestHeaders } from './question.ts';
import { SESSION_ENDED } from './reply.ts';

/** One login to an array, shared by all of its requests. */
export interface Session {
  /**
   * Work that may be begun again from its start. Logs in first where nobody did; where the work fails with
   * `array.session-ended`, logs in once more and runs it a second time. Never inside the window.
   *
   * @param work gets the headers of the session
   */
  loggedIn<T>(work: (headers: RestHeaders) => Promise<T>, limit: Deadline): Promise<T>;
  /** The headers of the session as it is, for a request that is sent once: nothing is looked up, nobody logs in. */
  headers(): RestHeaders;
}

/**
 * @param login answers the headers that a request of this session carries, with the token as a Secret; its own requests
 *   carry none of an older session
 */
export function session(login: (limit: Deadline) => Promise<RestHeaders>): Session {
  let shared: Promise<RestHeaders> | undefined;
  let last: RestHeaders | undefined;

  function begin(limit: Deadline): Promise<RestHeaders> {
    const begun = login(limit).then((headers) => {
      last = headers;
      return headers;
    });
    begun.catch(() => {
      if (shared === begun) shared = undefined;
    });
    shared = begun;
    return begun;
  }

  return {
    async loggedIn(work, limit) {
      const used = shared ?? begin(limit);
      const headers = await beforeDeadline(used, limit);
      try {
        return await work(headers);
      } catch (error) {
        if (asFault(error).code !== SESSION_ENDED) throw error;
        // Of several requests that find the session ended, the first logs in.
        const renewed = shared === used || shared === undefined ? begin(limit) : shared;
        return await work(await beforeDeadline(renewed, limit));
      }
    },
    headers() {
      if (last === undefined) throw new Error('nobody has logged in');
      return last;
    },
  };
}
