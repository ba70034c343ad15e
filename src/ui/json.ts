import { jsonLine, jsonText } from '../base/json.ts';
import type { RunEvent } from '../ports.ts';
import { faultObject } from './fault.ts';
import { made, type Output, type OutputParts } from './output.ts';
import { AS_IT_IS, type Typed } from './typed.ts';

/**
 * One object a line on standard output, each with `v`, `type` and `at`, the last a `result` or a `fault`; or one
 * document and nothing else, in which `warnings` are the findings that were told on the way to it. Standard error stays
 * empty: everything is in the objects.
 */
export function jsonOutput({ out, err, clock, typed = AS_IT_IS }: OutputParts): Output {
  const object = (type: string, fields: object, at = clock.date()): void =>
    out.raw(`${jsonLine({ v: 1, type, at: at.toISOString(), ...fields })}\n`);
  // Until it is known which of the two the answer is.
  let kept: { readonly event: RunEvent; readonly at: Date }[] | undefined = [];
  const speak = (): void => {
    for (const { event, at } of kept ?? []) object(event.type, event, at);
    kept = undefined;
  };
  return {
    emit(told, at = clock.date()) {
      const event = withHint(told, typed);
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
      const said = faultObject(fault, place);
      object('fault', fault.hint === undefined ? said : { ...said, hint: typed(fault.hint) });
    },
    close: async () => void (await Promise.all([out.drained(), err.drained()])),
  };
}

function withHint(event: RunEvent, typed: Typed): RunEvent {
  if (event.type !== 'finding' || event.finding.hint === undefined) return event;
  return { ...event, finding: { ...event.finding, hint: typed(event.finding.hint) } };
}
