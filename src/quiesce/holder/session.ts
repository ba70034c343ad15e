import { randomBytes } from 'node:crypto';
import { beforeDeadline, type Deadline } from '../../base/deadline.ts';
import { Fault } from '../../base/fault.ts';
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
      let deaf = (): void => {};
      const answer = new Promise<readonly Report[]>((resolve, reject) => {
        deaf = listen((report) => {
          heard.push(report);
          if (report.kind === 'error') reject(refusal(where, report));
          else if (last(report)) resolve(heard);
        });
        void dialogue.ended.then((end) => reject(ended(where, end)));
      });
      tell(...word);
      try {
        return await beforeDeadline(answer, limit);
      } finally {
        deaf();
      }
    },
  };
}

function ended(where: string, { why, stderr }: Awaited<Dialogue['ended']>): Fault {
  const last = stderr.trim().split('\n').at(-1) ?? '';
  return new Fault({
    code: 'quiesce.holder-ended',
    message: `${where}: the holder ended: ${why}${last === '' ? '' : `: ${last}`}`,
  });
}
