import type { CommandResult } from '../ports.ts';
import type { Check } from './evidence.ts';

const LONGEST = 160;

export function notLookedAt(because: string): Check {
  return { kind: 'not-looked-at', because };
}

/** The first line that looks like the reason; else the last that it said. */
export function errorsOr(program: string, { stdout, stderr }: CommandResult, reason: RegExp): Check {
  const lines = `${stdout}\n${stderr}`
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const says = lines.find((line) => reason.test(line)) ?? lines.at(-1) ?? 'nothing';
  return { kind: 'errors', program, says: says.slice(0, LONGEST) };
}
