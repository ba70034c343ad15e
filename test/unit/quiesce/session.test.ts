import { expect, test } from 'vitest';
import { deadline } from '../../../src/base/deadline.ts';
import type { Dialogue } from '../../../src/ports.ts';
import { session } from '../../../src/quiesce/holder/session.ts';
import { handClock } from '../../sim/hand-clock.ts';

test('an answer ends with its last report, whatever arrives in the same turn', async () => {
  const { dialogue, sent, arrive } = lines();
  const holder = session(dialogue, 'guest');
  const limit = deadline(handClock(), 5000, 'the test');
  const answer = holder.ask(['freeze', 'lease=8000'], ({ kind }) => kind === 'all-frozen', limit);
  const [nonce] = sent[0]?.split(' ') ?? [];
  arrive(`${nonce} FROZEN 0 1`, `${nonce} ALL-FROZEN 2`, `${nonce} PONG company 3 held`);
  expect((await answer).map(({ kind }) => kind)).toEqual(['frozen', 'all-frozen']);
  limit.done();
});

/** A dialogue in which the test is the far end. */
function lines(): { readonly dialogue: Dialogue; readonly sent: string[]; arrive(...lines: readonly string[]): void } {
  const sent: string[] = [];
  let receive = (_line: string): void => {};
  return {
    sent,
    arrive: (...arrived) => {
      for (const line of arrived) receive(line);
    },
    dialogue: {
      send: (line) => void sent.push(line),
      write: () => {},
      onLine: (listener) => {
        receive = listener;
      },
      ended: new Promise(() => {}),
      end: () => {},
    },
  };
}
