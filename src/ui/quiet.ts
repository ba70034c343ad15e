import type { Output, OutputParts } from './output.ts';
import { plainOutput } from './plain.ts';

/** Silent on exit 0; on any other exit all that would have been said: what cron sends is then complete. */
export function quietOutput(parts: OutputParts): Output {
  const plain = plainOutput(parts);
  const said: (() => void)[] = [];
  return {
    emit(event, at) {
      const when = at ?? parts.clock.date();
      said.push(() => plain.emit(event, when));
    },
    note: (lines) => void said.push(() => plain.note(lines)),
    document: (lines, document) => void said.push(() => plain.document(lines, document)),
    result: (answer) => void said.push(() => plain.result(answer)),
    fault: (fault, place) => void said.push(() => plain.fault(fault, place)),
    async close(exit) {
      if (exit !== 0) for (const say of said.splice(0)) say();
      await plain.close(exit);
    },
  };
}
