import { randomBytes } from 'node:crypto';
import { beforeDeadline, type Deadline } from '../../base/deadline.ts';
import { Fault } from '../../base/fault.ts';
import { lastLine } from '../../base/quoted.ts';
import type { Dialogue } from '../../ports.ts';
import { refusal } from './refusal.ts';
import { type Report, reportIn } from './words.ts';

/** A started holder, spoken to in words. What is not said in this session's nonce is not heard. */
export interface Session {
  readonly where: string;
  tell(word: string, ...args: readonly string[]): void;
  /**
   * Says a word and collects what is reported until `last` is true of a report, that one included. Rejects with a
   * Fault when the holder ends first, or reports an error, or the deadline passes.
   */
  ask(
    word: readonly [string, ...string[]],
    last: (report: Report) => boolean,
    limit: Deadline,
  ): Promise<readonly Report[]>;
  /** Every report from now on. The answer takes the listener away again. */
  listen(hear: (report: Report) => void): () => void;
  readonly ended: Dialogue['ended'];
  end(): void;
}

export function session(dialogue: Dialogue, where: string): Session {
  const nonce = randomBytes(8).toString('hex');
  const listeners = new Set<(report: Report) => void>();
  // Holders end inside the window, one after the other: questions that were answered must cost nothing then.
  const unanswered = new Set<(why: Fault) => void>();
  let end: Awaited<Dialogue['ended']> | undefined;
  void dialogue.ended.then((over) => {
    end = over;
    for (const refuse of unanswered) refuse(ended(where, over));
  });
  dialogue.onLine((line) => {
    const report = reportIn(line, nonce);
    if (report !== undefined) for (const hear of [...listeners]) hear(report);
  });

  function tell(word: string, ...args: readonly string[]): void {
    dialogue.send([nonce, word, ...args].join(' '));
  }
  function listen(hear: (report: Report) => void): () => void {
    listeners.add(hear);
    return () => listeners.delete(hear);
  }

  return {
    where,
    tell,
    listen,
    ended: dialogue.ended,
    end: () => dialogue.end(),
    async ask(word, last, limit) {
      const heard: Report[] = [];
      let done = (): void => {};
      const answer = new Promise<readonly Report[]>((resolve, reject) => {
        if (end !== undefined) return reject(ended(where, end));
        const deaf = listen((report) => {
          heard.push(report);
          if (report.kind === 'error') reject(refusal(where, report));
          else if (last(report)) {
            // What arrives in the same turn is no part of the answer: a pong to keep company, say, behind ALL-FROZEN.
            deaf();
            resolve(heard);
          }
        });
        unanswered.add(reject);
        done = () => {
          deaf();
          unanswered.delete(reject);
        };
      });
      tell(...word);
      try {
        return await beforeDeadline(answer, limit);
      } finally {
        done();
      }
    },
  };
}

function ended(where: string, { why, stderr }: Awaited<Dialogue['ended']>): Fault {
  const last = lastLine(stderr);
  return new Fault({
    code: 'quiesce.holder-ended',
    message: `${where}: the holder ended: ${why}${last === '' ? '' : `: ${last}`}`,
  });
}
