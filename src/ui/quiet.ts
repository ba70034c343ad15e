import type { Output, OutputParts } from './output.ts';
import { plainOutput } from './plain.ts';

/**
 * Silent on exit 0; on any other exit all that would have been said: what cron sends is then complete. A guest that may
 * still be held is said at once, with all that was said before it: that run does not end with 0.
 */
export function quietOutput(parts: OutputParts): Output {
  const plain = plainOutput(parts);
  const said: (() => void)[] = [];
  let isQuiet = true;
  const tell = (say: () => void): void => {
    if (isQuiet) said.push(say);
    else say();
  };
  const speak = (): void => {
    isQuiet = false;
    for (const say of said.splice(0)) say();
  };
  return {
    emit(event, at) {
      const when = at ?? parts.clock.date();
      if (event.type === 'may-be-held') speak();
      tell(() => plain.emit(event, when));
    },
    note: (lines) => tell(() => plain.note(lines)),
    document: (lines, document) =>
      parts.shows === true ? plain.document(lines, document) : tell(() => plain.document(lines, document)),
    result: (answer) => tell(() => plain.result(answer)),
    fault: (fault, place) => tell(() => plain.fault(fault, place)),
    async close(exit) {
      if (exit !== 0) speak();
      await plain.close(exit);
    },
  };
}
