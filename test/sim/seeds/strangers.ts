import { isLabel } from '../../../src/catalog/names.ts';
import type { ArraySnapshot, CutLabel } from '../../../src/model.ts';
import type { History } from './history.ts';

/** Another hand makes a snapshot: its own, one of our form, one under our very label, or one in the place of ours. */
export function placeStranger(history: History): void {
  const { draw, world, strangers, taken } = history;
  const array = draw.oneOf(world.arrays);
  const volume = draw.oneOf(array?.volumes ?? []);
  if (array === undefined || volume === undefined) return;
  const ours = draw.oneOf(array.snapshots().filter(({ id }) => strangers.every((one) => one.id !== id)));
  const made = {
    array: array.id,
    id: `x${strangers.length}`,
    source: { id: volume.id, name: volume.name },
    createdAt: world.clock.date().toISOString(),
  };
  const place = (snapshot: ArraySnapshot): void => {
    array.place(snapshot);
    strangers.push(snapshot);
  };
  const kind = draw.pick(['own', 'form', 'label', 'instead'] as const);
  if (kind === 'own') place({ ...made, label: label('sp'), name: `nightly-${strangers.length}` });
  if (kind === 'form') place({ ...made, label: label('spzz'), name: `${label('spzz')}-${volume.name}` });
  if (ours === undefined) return;
  if (kind === 'label') {
    place({
      ...made,
      label: ours.label,
      name: `${ours.label}-copy${strangers.length}`,
      source: { id: 'x-clone', name: 'clone' },
    });
  }
  // Somebody deleted ours and made another under its name. Of one whose id was never written down nobody could tell.
  const isNoted = history.sets.some(({ manifest }) => manifest.snapshots.some(({ id }) => id === ours.id));
  if (kind === 'instead' && isNoted) {
    taken.add(ours.id);
    place({ ...ours, id: made.id });
  }

  function label(start: string): CutLabel {
    const text = start.padEnd(11, 'x') + String.fromCharCode(97 + (strangers.length % 26)).repeat(4);
    if (!isLabel(text)) throw new Error(`not a label: ${text}`);
    return text;
  }
}
