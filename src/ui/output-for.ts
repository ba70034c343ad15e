import type { Clock } from '../base/clock.ts';
import { jsonOutput } from './json.ts';
import type { Output, OutputParts } from './output.ts';
import { paintFor } from './paint.ts';
import { plainOutput } from './plain.ts';
import { quietOutput } from './quiet.ts';
import { sinkOf } from './sink.ts';
import { AS_IT_IS, type Typed } from './typed.ts';

export interface OutputSettings {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly noColor: boolean;
  readonly shows?: boolean;
  readonly typed?: Typed;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** `--json` before `--quiet` before what the terminal allows. */
export async function outputFor(settings: OutputSettings): Promise<Output> {
  const { stdout, stderr, env, clock, verbose, shows = false, typed = AS_IT_IS } = settings;
  const [out, err] = [sinkOf(stdout, typed), sinkOf(stderr, typed)];
  const paint = paintFor({ terminal: err.terminal, refused: settings.noColor, env });
  const parts: OutputParts = { out, err, clock, paint, verbose, shows, typed };
  if (settings.json) return jsonOutput(parts);
  if (settings.quiet) return quietOutput(parts);
  const live = err.terminal && env.TERM !== 'dumb' && (env.CI ?? '') === '';
  if (!live) return plainOutput(parts);
  const { liveOutput } = await import('./live.ts');
  return liveOutput(parts, stderr);
}
