import { STANDINGS, type Standing, type Verified } from '../flows/verify/verified.ts';
import { type Paint, PLAIN } from './paint.ts';
import { marks, thingLines } from './things.ts';

/** One line a thing, worst first, each with its remedy below; then how many are as the manifest says. */
export function verifyLines(set: string, verified: readonly Verified[], paint: Paint = PLAIN): readonly string[] {
  const { good, warning, unknown, bad, open } = marks(paint);
  const markOf: Readonly<Record<Standing, string>> = {
    wrong: bad,
    unreachable: unknown,
    'worth-knowing': warning,
    'not-looked-at': open,
    'as-recorded': good,
  };
  return [...thingLines(verified.map((thing) => ({ ...thing, mark: markOf[thing.is] }))), '', closing(set, verified)];
}

/** The same for machines. */
export function verifyDocument(set: string, verified: readonly Verified[]): Readonly<Record<string, unknown>> {
  const counts = Object.fromEntries(STANDINGS.map((standing) => [standing, counted(verified, standing)]));
  return { type: 'verify', set, counts, verified };
}

function closing(set: string, verified: readonly Verified[]): string {
  const [wrong, unreachable, notLookedAt] = (['wrong', 'unreachable', 'not-looked-at'] as const).map((standing) =>
    counted(verified, standing),
  );
  const sound = counted(verified, 'as-recorded') + counted(verified, 'worth-knowing');
  return [
    `${set}: ${sound} as the manifest says`,
    ...(wrong === 0 ? [] : [`${wrong} not`]),
    ...(unreachable === 0 ? [] : [`${unreachable} not reached`]),
    ...(notLookedAt === 0 ? [] : [`${notLookedAt} not looked at`]),
  ].join(', ');
}

function counted(verified: readonly Verified[], standing: Standing): number {
  return verified.filter(({ is }) => is === standing).length;
}
