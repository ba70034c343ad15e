import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { jsonLine } from '../base/json.ts';
import type { SetId } from '../model.ts';
import type { Emit } from '../ports.ts';
import { runFolder, type StateFolder } from './state-folder.ts';

/** Everything that a run told, one object a line: for people, after the fact. Nothing is decided from it. */
export interface RunLog {
  readonly file: string;
  /** Never throws and never waits; while the window is open it only remembers. */
  readonly emit: Emit;
  /** Writes what is still remembered. Answers with why it could not, if so: a full disk ends no run. */
  close(): Promise<string | undefined>;
}

export async function openRunLog(state: StateFolder, run: SetId, clock: Clock): Promise<RunLog> {
  const folder = runFolder(state, run);
  const file = logFile(state, run);
  await state.files.makeFolder(folder);
  let waiting: string[] = [];
  let writing: Promise<void> = Promise.resolve();
  let quiet = false;
  let failure: string | undefined;

  const write = (): void => {
    const text = waiting.join('');
    waiting = [];
    if (text === '') return;
    writing = writing
      .then(() => state.files.append(file, text))
      .catch((thrown: unknown) => {
        failure = thrown instanceof Error ? thrown.message : String(thrown);
      });
  };

  return {
    file,
    emit(event, at) {
      waiting.push(`${jsonLine({ at: (at ?? clock.date()).toISOString(), ...event })}\n`);
      if (event.type === 'step') quiet = event.step === 'window';
      if (event.type === 'window') quiet = event.is === 'opened';
      if (!quiet) write();
    },
    async close() {
      write();
      await writing;
      return failure;
    },
  };
}

export function logFile(state: StateFolder, run: SetId): string {
  return join(runFolder(state, run), 'log.jsonl');
}
