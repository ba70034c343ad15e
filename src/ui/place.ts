import type { StatePlace } from '../catalog/state-folder.ts';
import { WIDTH, wrap } from './text.ts';

/** Where there is nothing: where that was looked for, so that whoever looks in the wrong place sees it. */
export function noneYetLines(what: string, place: StatePlace): readonly string[] {
  return [
    ...wrap(`There is no ${what} yet in ${placeText(place)}.`, WIDTH),
    ...noTopologyLines(place),
    'To take one: stillpoint snapshot',
  ];
}

/** '/var/lib/stillpoint (from `state:`)' */
export function placeText({ root, from, isThere }: StatePlace): string {
  return `${root} (from ${from})${isThere ? '' : ', a folder that is not there yet'}`;
}

/** Only where there is none, and one would have had a say. */
export function noTopologyLines({ topology, from }: StatePlace): readonly string[] {
  return topology === undefined && from !== '--state'
    ? ['No topology was found: no -t FILE, no $STILLPOINT_TOPOLOGY, no ./stillpoint.yaml']
    : [];
}
