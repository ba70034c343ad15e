import { jsonLine, jsonText } from '../base/json.ts';
import { faultObject } from './fault.ts';
import type { Output, OutputParts } from './output.ts';

/**
 * One object a line on standard output, each with `v`, `type` and `at`, the last a `result` or a `fault`; or one
 * document. Standard error stays empty: everything is in the objects.
 */
export function jsonOutput({ out, err, clock }: OutputParts): Output {
  const object = (type: string, fields: object, at = clock.date()): void =>
    out.raw(`${jsonLine({ v: 1, type, at: at.toISOString(), ...fields })}\n`);
  return {
    emit: (event, at) => object(event.type, event, at),
    note: () => undefined,
    document: (_lines, document) => out.raw(jsonText({ v: 1, ...document })),
    result: ({ exit, line, because, log, fields }) => object('result', { exit, line, because, log, ...fields }),
    fault: (fault, place) => object('fault', faultObject(fault, place)),
    close: async () => void (await Promise.all([out.drained(), err.drained()])),
  };
}
