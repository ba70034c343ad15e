import { EXIT, type Fault } from '../base/fault.ts';
import { type Paint, PLAIN } from './paint.ts';
import { hintLines, WIDTH, wrap } from './text.ts';

/** What stands beside a fault. */
export interface FaultPlace {
  /** The run's log: the last line of every failure names it. */
  readonly log?: string;
  /** The set that there is all the same. */
  readonly set?: string;
  /** Sentences beside the fault's own: why the record proves no more. */
  readonly because?: readonly string[];
}

/** What is wrong, what to do, and where more is said. Of a bug also where it happened. */
export function faultLines(fault: Fault, place: FaultPlace = {}, paint: Paint = PLAIN): readonly string[] {
  const [first = '', ...more] = fault.message.split('\n').filter((line) => line.trim() !== '');
  const head = wrap(`error: ${first}`, WIDTH, '  ', '');
  return [
    ...head.map((line, index) => (index === 0 ? line.replace('error:', paint.bad('error:')) : line)),
    ...more.flatMap((line) => wrap(line, WIDTH, '  ')),
    ...(place.because ?? [])
      .filter((text) => text !== fault.message)
      .flatMap((text) => wrap(text, WIDTH, '    ', '  - ')),
    ...(fault.hint === undefined ? [] : hintLines(fault.hint, '  ')),
    ...(fault.exit === EXIT.bug ? bugLines(fault) : []),
    ...(place.set === undefined ? [] : [`  set: ${place.set}`]),
    ...(place.log === undefined ? [] : [`  log: ${place.log}`]),
  ];
}

/** The same for machines: the last object of `--json`. */
export function faultObject(fault: Fault, place: FaultPlace = {}): Readonly<Record<string, unknown>> {
  return {
    type: 'fault',
    exit: fault.exit,
    code: fault.code,
    message: fault.message,
    hint: fault.hint,
    set: place.set,
    because: place.because,
    log: place.log,
  };
}

function bugLines(fault: Fault): readonly string[] {
  let first: Error = fault;
  while (first.cause instanceof Error) first = first.cause;
  const stack = first.stack ?? '';
  return [
    '  This is a bug of Stillpoint, not of your set-up. Please report it with these lines:',
    ...stack.split('\n').slice(1),
  ];
}
