import { type Stats, statSync } from 'node:fs';
import { asFault, EXIT, Fault } from '../base/fault.ts';
import { realFileSystem } from '../base/file-system.ts';
import { fileLocks, type Locks } from '../base/lock.ts';
import { locksFolder, openState, type StateFolder, type StatePlace, stateRoot } from '../catalog/state-folder.ts';
import type { Topology } from '../topology/topology.ts';
import type { Session } from './session.ts';

/** The state folder, its locks, and how it was found. */
export interface Catalog {
  readonly state: StateFolder;
  readonly locks: Locks;
  readonly place: StatePlace;
}

type Asking = Pick<Session, 'cli' | 'flags'>;

/** For what writes: made where it is not there yet. */
export async function openCatalog({ cli, flags }: Asking, topology: Topology | undefined): Promise<Catalog> {
  const place = placeOf({ cli, flags }, topology);
  const state = await openState(place.root, realFileSystem);
  return { state, locks: fileLocks(locksFolder(state), cli.clock), place: { ...place, isThere: true } };
}

/** For a look: nothing is made. What `--state` names must be there, if not told otherwise; any other may be to come. */
export function readCatalog(
  { cli, flags }: Asking,
  topology: Topology | undefined,
  named: 'is-there' | 'may-come' = 'is-there',
): Catalog {
  const place = placeOf({ cli, flags }, topology);
  if (!place.isThere && flags.state !== undefined && named === 'is-there') throw notThere(place);
  const state = { root: place.root, files: realFileSystem };
  return { state, locks: fileLocks(locksFolder(state), cli.clock), place };
}

/** The same for what looks at one set: without a folder there is none. */
export function existingCatalog(asking: Asking, topology: Topology | undefined): Catalog {
  const catalog = readCatalog(asking, topology);
  if (!catalog.place.isThere) throw notThere(catalog.place);
  return catalog;
}

function placeOf({ cli, flags }: Asking, topology: Topology | undefined): StatePlace {
  const { root, from } = stateRoot({
    env: cli.env,
    ...(flags.state === undefined ? {} : { flag: flags.state }),
    ...(topology?.state === undefined ? {} : { state: topology.state }),
  });
  const isThere = isFolder(root, from);
  return { root, from, isThere, ...(topology === undefined ? {} : { topology: topology.file }) };
}

/** False: there is nothing of that name. */
function isFolder(root: string, from: string): boolean {
  let found: Stats | undefined;
  try {
    found = statSync(root, { throwIfNoEntry: false });
  } catch (cause) {
    throw new Fault({
      code: 'state.unreachable',
      message: `the state folder ${root} (from ${from}) cannot be looked at: ${asFault(cause).message}`,
      hint: 'Give this user the right to it, or name another: --state FOLDER, or `state:` in the topology.',
      exit: EXIT.usage,
      cause,
    });
  }
  if (found?.isDirectory() === false) throw noFolder(root, from);
  return found !== undefined;
}

function noFolder(root: string, from: string): Fault {
  return new Fault({
    code: 'state.no-folder',
    message: `the state folder ${root} (from ${from}) is a file, and no folder`,
    hint: 'Name the folder that has sets/, runs/ and locks/ in it, or one that is still to be made.',
    exit: EXIT.usage,
  });
}

function notThere({ root, from, topology }: StatePlace): Fault {
  const unnamed = topology === undefined && from !== '--state' ? ', and no topology was found that names another' : '';
  return new Fault({
    code: 'state.not-there',
    message: `there is no set: the state folder ${root} (from ${from}) is not there${unnamed}`,
    hint: 'Name the one that the runs had: --state FOLDER, or -t FILE for their topology.',
    exit: EXIT.usage,
  });
}
