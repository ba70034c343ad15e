import { fileURLToPath } from 'node:url';

const PRELOAD = fileURLToPath(new URL('failpoints/preload.mjs', import.meta.url));

/** What a run is to do besides its work. */
export interface Tap {
  /** A file for the list of all places that it passes. */
  readonly places?: string;
  /** One of such a list: it is killed there. */
  readonly dieAt?: string;
}

/** The environment in which the program does that; empty where it is to do nothing. */
export function tapped({ places, dieAt }: Tap): Readonly<Record<string, string>> {
  if (places === undefined && dieAt === undefined) return {};
  return {
    NODE_OPTIONS: `--import=${PRELOAD}`,
    ...(places === undefined ? {} : { STILLPOINT_PLACES: places }),
    ...(dieAt === undefined ? {} : { STILLPOINT_DIE_AT: dieAt }),
  };
}
