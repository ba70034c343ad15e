import { Fault } from '../base/fault.ts';
import type { ArrayId, ArraySnapshot, CutUnit, DeviceKey, Volume } from '../model.ts';
import { unitName } from './armed.ts';
import type { VolumeEntry } from './parts.ts';

/** The topology's word on which of these devices are this array's, by the array's name of the volume. */
export function told(devices: readonly DeviceKey[], entries: readonly VolumeEntry[]): readonly VolumeEntry[] {
  return entries.filter((entry) => devices.includes(entry.device));
}

/** The topology names a volume that the array does not have. */
export function noSuchVolume(array: ArrayId, name: string, there: readonly string[]): Fault {
  const some = there.slice(0, 5).join(', ');
  const more = there.length > 5 ? ` and ${there.length - 5} more` : '';
  return new Fault({
    code: 'array.no-such-volume',
    message: `array ${array}: there is no volume ${name}`,
    hint:
      there.length === 0 ? 'It shows no volume at all.' : `Look at the name under volumes. There are: ${some}${more}.`,
  });
}

/** Between the plan and now, the volume was replaced by another of the same name, or went away. */
export function volumeChanged(unit: CutUnit, wanted: Volume, now: string | undefined): Fault {
  const truth = now === undefined ? 'is no longer there' : `is another one now (${now}, it was ${wanted.id})`;
  return new Fault({
    code: 'array.volume-changed',
    message: `array ${unit.array}: volume ${unitName(unit)} ${truth}`,
    hint: 'Somebody moved, replaced or removed it since the plan was made: look at it, then run again.',
  });
}

/** The label is meant to be new; with something under it already, nobody could tell what is whose. */
export function labelInUse(array: ArrayId, label: string, there: readonly ArraySnapshot[]): Fault {
  const names = there.slice(0, 3).map(({ name }) => name);
  return new Fault({
    code: 'array.label-in-use',
    message: `array ${array}: there are snapshots with the label ${label} already: ${names.join(', ')}`,
    hint: 'Run again: every run makes a new label.',
  });
}
