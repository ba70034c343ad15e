import { join } from 'node:path';
import { jsonText, parseJson } from '../base/json.ts';
import type { Plan, SetId } from '../model.ts';
import { plan as planShape } from './shapes.ts';
import { runFolder, type StateFolder } from './state-folder.ts';

/**
 * The whole plan of a run, beside its intent, so that a set whose run died can still be judged and sealed. On disk
 * before the intent: a run that has said what it is about to do has also said all that a manifest needs.
 */
export async function writeRunPlan(state: StateFolder, run: SetId, plan: Plan): Promise<void> {
  await state.files.makeFolder(runFolder(state, run));
  await state.files.writeWhole(file(state, run), jsonText(plan));
}

/** undefined: it is not there, or cannot be believed. Rejects where the file system does. */
export async function readRunPlan(state: StateFolder, run: SetId): Promise<Plan | undefined> {
  const text = await state.files.read(file(state, run));
  if (text === undefined) return undefined;
  const read = planShape.safeParse(parseJson(text));
  return read.success ? read.data : undefined;
}

function file(state: StateFolder, run: SetId): string {
  return join(runFolder(state, run), 'plan.json');
}
