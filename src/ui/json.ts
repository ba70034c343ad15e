import { jsonLine, jsonText } from '../base/json.ts';
import type { RunEvent } from '../ports.ts';
import { faultObject } from './fault.ts';
import { made, type Output, type OutputParts } from './output.ts';

/**
 * One object a line on standard output, each with `v`, `type` and `at`, the last a `result` or a `fault`; or one
 * document and nothing else, in which `warnings` are the findings that were told on the way to it. Standard error stays
 * empty: everything is in the objects.
 */
export function jsonOutput({ out, err, clock }: OutputParts): Output {
  const object = (type: string, fields: object, at = clock.date()): void =>
    out.raw(`${jsonLine({ v: 1, type, at: at.toISOString(), ...fields })}\n`);
  // Until it is known which of the two the answer is.
  let kept: { readonly event: RunEvent; readonly at: Date }[] | undefined = [];
  const speak = (): void => {
    for (const { event, at } of kept ?? []) object(event.type, event, at);
    kept = undefined;
  };
  return {
    emit(event, at = clock.date()) {
      if (event.type === 'run') speak();
      if (kept === undefined) object(event.type, event, at);
      else kept.push({ event, at });
    },
    note: () => undefined,
    document(_lines, document) {
      const warnings = (kept ?? []).flatMap(({ event }) => (event.type === 'finding' ? [event.finding] : []));
      out.raw(jsonText({ v: 1, ...made(document), ...(warnings.length === 0 ? {} : { warnings }) }));
    },
    result({ exit, line, because, log, fields }) {
      speak();
      object('result', { exit, line, because, log, ...fields });
    },
    fault(fault, place) {
      speak();
      object('fault', faultObject(fault, place));
    },
    close: async () => void (await Promise.all([out.drained(), err.drained()])),
  };
}
