import { harmless } from './text.ts';
import { AS_IT_IS, type Typed } from './typed.ts';

/** Where lines go. A reader that is gone ends nothing: what is written after that is dropped. */
export interface Sink {
  readonly terminal: boolean;
  /** Each with a newline; control characters in them are shown, not sent. */
  lines(lines: readonly string[]): void;
  /** As it is: JSON, a manifest. */
  raw(text: string): void;
  /** Resolves when all of it is written, or nobody reads any more. */
  drained(): Promise<void>;
}

export function sinkOf(stream: NodeJS.WritableStream & { readonly isTTY?: boolean }, typed: Typed = AS_IT_IS): Sink {
  let broken = false;
  let pending = 0;
  let waiting: (() => void)[] = [];
  const settle = (): void => {
    if (pending > 0 && !broken) return;
    for (const resolve of waiting.splice(0)) resolve();
  };
  // EPIPE from a closed pipe, EIO from a terminal that has gone: without a listener either would end the process.
  stream.on('error', () => {
    broken = true;
    settle();
  });
  const raw = (text: string): void => {
    if (broken || text === '') return;
    pending += 1;
    stream.write(text, () => {
      pending -= 1;
      settle();
    });
  };
  return {
    terminal: stream.isTTY === true,
    raw,
    lines: (lines) => raw(lines.map((line) => `${harmless(typed(line))}\n`).join('')),
    drained: () =>
      new Promise((resolve) => {
        waiting = [...waiting, resolve];
        settle();
      }),
  };
}
