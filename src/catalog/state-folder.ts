import { isAbsolute, join } from 'node:path';
import { EXIT, Fault } from '../base/fault.ts';
import type { FileSystem } from '../base/file-system.ts';
import type { CutLabel, SetId } from '../model.ts';
import { parseSetId } from './names.ts';

/** Where everything lies that outlives a run, and the files that it is kept with. */
export interface StateFolder {
  readonly root: string;
  readonly files: FileSystem;
}

export interface StateSettings {
  /** `--state`; absolute. */
  readonly flag?: string;
  /** `state:` of the topology; absolute. */
  readonly state?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Where the state folder is to be, and what has named it: '--state', '`state:`', 'HOME'. */
export interface StateRoot {
  readonly root: string;
  readonly from: string;
}

/** Where a command looked: what it says where it found nothing. */
export interface StatePlace extends StateRoot {
  readonly isThere: boolean;
  /** Absent: no topology was found, which might have named another folder. */
  readonly topology?: string;
}

/** What was said, else $STILLPOINT_HOME, else $XDG_STATE_HOME/stillpoint, else under $HOME. */
export function stateRoot({ flag, state, env }: StateSettings): StateRoot {
  const { STILLPOINT_HOME: own, XDG_STATE_HOME: xdg, HOME: home } = env;
  if (flag !== undefined) return { root: absolute(flag, '--state'), from: '--state' };
  if (isSet(state)) return { root: absolute(state, '`state:`'), from: '`state:`' };
  if (isSet(own)) return { root: absolute(own, 'STILLPOINT_HOME'), from: 'STILLPOINT_HOME' };
  // A relative XDG folder is to be ignored, by its specification.
  if (isSet(xdg) && isAbsolute(xdg)) return { root: join(xdg, 'stillpoint'), from: 'XDG_STATE_HOME' };
  if (isSet(home)) return { root: join(absolute(home, 'HOME'), '.local/state/stillpoint'), from: 'HOME' };
  throw new Fault({
    code: 'state.nowhere',
    message: 'there is no state folder: neither `state:` nor STILLPOINT_HOME, XDG_STATE_HOME or HOME is set',
    hint: 'Set `state: /var/lib/stillpoint` in the topology; under cron or a service manager HOME is often missing.',
    exit: EXIT.usage,
  });
}

/** Makes what is missing. */
export async function openState(root: string, files: FileSystem): Promise<StateFolder> {
  const state = { root, files };
  for (const folder of [root, setsFolder(state), runsFolder(state), locksFolder(state)]) await files.makeFolder(folder);
  return state;
}

export function setsFolder(state: StateFolder): string {
  return join(state.root, 'sets');
}

export function runsFolder(state: StateFolder): string {
  return join(state.root, 'runs');
}

export function locksFolder(state: StateFolder): string {
  return join(state.root, 'locks');
}

/** `sets/GROUP/ID`: the manifest, and what else belongs to the set. */
export function setFolder(state: StateFolder, id: SetId): string {
  const name = parseSetId(id);
  if (name === undefined) throw new Error(`not a set id: ${id}`);
  return join(setsFolder(state), name.group, id);
}

/** `rebuilt/LABEL`: what the arrays showed under a label that nobody here knew. */
export function rebuiltFolder(state: StateFolder, label?: CutLabel): string {
  return join(state.root, 'rebuilt', ...(label === undefined ? [] : [label]));
}

/** `runs/ID`: intent, journal, log, window record, result. */
export function runFolder(state: StateFolder, run: SetId): string {
  return join(runsFolder(state), run);
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

function absolute(path: string, from: string): string {
  if (isAbsolute(path)) return path;
  throw new Fault({
    code: 'state.relative',
    message: `the state folder ${path === '' ? '""' : path} (from ${from}) is not an absolute path`,
    hint: 'Write it from the root, so that every run finds the same one wherever it is started.',
    exit: EXIT.usage,
  });
}
