import { Chalk } from 'chalk';

/** The few colours there are. Nothing is told by colour alone. */
export interface Paint {
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  dim(text: string): string;
  strong(text: string): string;
}

export interface PaintSettings {
  readonly terminal: boolean;
  /** `--no-color` */
  readonly refused: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Colours for a terminal; FORCE_COLOR brings them elsewhere, NO_COLOR and `--no-color` take them away. */
export function paintFor(settings: PaintSettings): Paint {
  const chalk = new Chalk({ level: hasColour(settings) ? 1 : 0 });
  return { good: chalk.green, warn: chalk.yellow, bad: chalk.red, dim: chalk.dim, strong: chalk.bold };
}

export const PLAIN: Paint = paintFor({ terminal: false, refused: true, env: {} });

function hasColour({ terminal, refused, env }: PaintSettings): boolean {
  if (refused || isSet(env.NO_COLOR)) return false;
  if (isSet(env.FORCE_COLOR)) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return terminal && env.TERM !== 'dumb';
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
