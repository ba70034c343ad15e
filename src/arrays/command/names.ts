import { Fault } from '../../base/fault.ts';
import type { ArrayId, CutLabel, Volume } from '../../model.ts';
import { safeName } from '../names.ts';
import type { CommandSettings } from './config.ts';
import type { Values } from './template.ts';
import { isNamedByLabel } from './template.ts';

/** What the placeholders stand for, for each of these volumes; every value is fit to stand in a command. */
export function valuesFor(
  array: ArrayId,
  settings: CommandSettings,
  volumes: readonly Volume[],
  label: CutLabel,
): readonly Values[] {
  const all = volumes.map(({ name }) => {
    const volume = safeName(array, name);
    return { volume, label, snapshot: isNamedByLabel(settings) ? label : `${label}-${plain(volume)}` };
  });
  const names = all.map(({ snapshot }) => snapshot);
  const twice = isNamedByLabel(settings) ? undefined : names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return all;
  throw new Fault({
    code: 'array.same-name',
    message: `array ${array}: two volumes would have snapshots of the same name, ${twice}`,
    hint: 'Their names differ only in special characters, which stand as _ in the name of a snapshot: rename one.',
  });
}

/** What every array can carry in a name. */
function plain(volume: string): string {
  return volume.replaceAll(/[^A-Za-z0-9._-]/g, '_');
}
