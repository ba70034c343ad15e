import { z } from 'zod';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const FORM = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/;

/** '8s', '500ms', '1.5m', '26h', '2d' in milliseconds; undefined for anything else, a bare number above all. */
export function durationMs(text: string): number | undefined {
  const [, count, unit] = FORM.exec(text) ?? [];
  const factor = UNITS[unit ?? ''];
  return factor === undefined ? undefined : Math.round(Number(count) * factor);
}

/** A length of time with its unit, in milliseconds once parsed. */
export const duration = z
  .string({ error: (issue) => wrongKind(issue.input) })
  .regex(FORM, { error: (issue) => (/^\d+$/.test(`${issue.input}`) ? needsUnit(`${issue.input}`) : FORMS) })
  .transform((text) => durationMs(text) ?? 0)
  .meta({ title: 'duration' });

const FORMS = 'a duration is a number and a unit: 500ms, 8s, 2m, 26h, 7d';

function wrongKind(input: unknown): string | undefined {
  if (input === undefined) return undefined;
  return typeof input === 'number' && Number.isFinite(input) ? needsUnit(`${input}`) : FORMS;
}

function needsUnit(count: string): string {
  return `a duration needs a unit: ${count}s, ${count}m, ${count}h`;
}
