import { localStamp } from '../base/local-time.ts';
import type { RunEvent } from '../ports.ts';
import { faultLines } from './fault.ts';
import { made, type Output, type OutputParts, type RunAnswer } from './output.ts';
import type { Paint } from './paint.ts';
import { eventText } from './words.ts';

/** Timestamped lines on standard error: for cron, CI and files. The answer on standard output. */
export function plainOutput({ out, err, clock, paint }: OutputParts): Output {
  return {
    emit: (event, at) => err.lines([plainLine(event, at ?? clock.date(), paint)]),
    note: (lines) => err.lines(lines),
    document: (lines) => out.lines(made(lines)),
    result(answer) {
      out.lines([answer.line]);
      err.lines(reasonLines(answer));
    },
    fault: (fault, place) => err.lines(faultLines(fault, place, paint)),
    close: async () => void (await Promise.all([out.drained(), err.drained()])),
  };
}

function plainLine(event: RunEvent, at: Date, paint: Paint): string {
  return `${localStamp(at)}  ${paintedText(event, paint)}`;
}

/** Why a set is no better than it is, and the log; nothing of a run that went as it was asked. */
function reasonLines({ exit, because, log }: RunAnswer): readonly string[] {
  if (exit === 0) return [];
  return [...because.map((text) => `  - ${text}`), ...(log === undefined ? [] : [`  log: ${log}`])];
}

/** What went wrong stands out where there are colours. */
export function paintedText(event: RunEvent, paint: Paint): string {
  const text = eventText(event);
  const bad =
    event.type === 'may-be-held' ||
    (event.type === 'finding' && event.finding.severity === 'error') ||
    (event.type === 'guest' && event.is === 'released' && event.release !== 'kept') ||
    (event.type === 'array' && (event.is === 'refused' || event.is === 'unknown'));
  if (bad) return paint.bad(text);
  const warn =
    event.type === 'interrupted' ||
    (event.type === 'finding' && event.finding.severity === 'warning') ||
    (event.type === 'guest' && event.is === 'not-held');
  return warn ? paint.warn(text) : text;
}
