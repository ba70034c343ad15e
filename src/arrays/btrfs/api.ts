import type { Deadline } from '../../base/deadline.ts';
import type { ArrayId } from '../../model.ts';
import type { Box } from '../box.ts';
import { commandFailed } from '../box.ts';

/** A subvolume as btrfs-progs lists it. Ids are never used again on a file system. */
export interface Subvolume {
  readonly id: string;
  readonly uuid: string;
  /** The uuid of what it was snapshotted from. */
  readonly parentUuid?: string;
  /** ISO 8601. Only in the listing of snapshots. */
  readonly createdAt?: string;
  /** Relative to the array's root. */
  readonly path: string;
}

/** What can be asked of btrfs-progs and told to it. Forms read from 6.2 (Debian 12). */
export interface BtrfsApi {
  /** undefined: the root is no subvolume of a btrfs file system. */
  prefix(deadline: Deadline): Promise<string | undefined>;
  /** All subvolumes below the root. */
  subvolumes(deadline: Deadline): Promise<readonly Subvolume[]>;
  /** Those that are snapshots of others, with their times. */
  snapshots(deadline: Deadline): Promise<readonly Subvolume[]>;
  /** One, by its path; undefined: there is none. */
  subvolume(path: string, deadline: Deadline): Promise<Subvolume | undefined>;
  /** By id, so that nothing else goes, whatever has its path meanwhile. On disk when it resolves. */
  remove(id: string, deadline: Deadline): Promise<void>;
  /** Writes out what is dirty, so that the snapshot itself has little left to write. */
  flush(deadline: Deadline): Promise<void>;
  /** Bytes of the files in a subvolume. */
  sizes(paths: readonly string[], deadline: Deadline): Promise<ReadonlyMap<string, bigint>>;
  /** The files in a subvolume, relative to it. */
  files(path: string, deadline: Deadline): Promise<readonly string[]>;
}

/** The zone makes the listing's times, which tell none, UTC. */
const BTRFS = ['env', 'LC_ALL=C', 'TZ=UTC0', 'btrfs'] as const;

const ROW =
  /^ID (?<id>\d+) gen \d+ (?:cgen \d+ )?top level \d+ (?:otime (?<otime>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) )?parent_uuid (?<parent>\S+) +uuid (?<uuid>[0-9a-f-]{36}) path (?<path>.+)$/;

export function btrfsApi(array: ArrayId, root: string, box: Box): BtrfsApi {
  return {
    prefix,
    subvolumes: (deadline) => list([], deadline),
    snapshots: (deadline) => list(['-s'], deadline),
    async subvolume(path, deadline) {
      const argv = [...BTRFS, 'subvolume', 'show', '--', `${root}/${path}`];
      const result = await box.run(argv, deadline);
      if (result.exit === 0) return shown(path, result.stdout);
      if (/No such file or directory|Not a Btrfs subvolume/i.test(result.stderr)) return undefined;
      throw commandFailed(array, argv, result);
    },
    async remove(id, deadline) {
      const argv = [...BTRFS, 'subvolume', 'delete', '--commit-after', '--subvolid', id, '--', root];
      const result = await box.run(argv, deadline);
      if (result.exit !== 0 && !/No such file or directory/i.test(result.stderr)) {
        throw commandFailed(array, argv, result);
      }
    },
    flush: async (deadline) => void (await box.expect([...BTRFS, 'filesystem', 'sync', '--', root], deadline)),
    async sizes(paths, deadline) {
      if (paths.length === 0) return new Map();
      const folders = paths.map((path) => `${root}/${path}`);
      const text = await box.expect(['find', ...folders, '-xdev', '-type', 'f', '-printf', '%s %H\\n'], deadline);
      return totals(text, `${root}/`);
    },
    async files(path, deadline) {
      const argv = ['find', `${root}/${path}`, '-xdev', '-type', 'f', '-printf', '%P\\0'];
      return (await box.expect(argv, deadline)).split('\0').filter((name) => name !== '');
    },
  };

  async function prefix(deadline: Deadline): Promise<string | undefined> {
    const argv = [...BTRFS, 'subvolume', 'show', '--', root];
    const result = await box.run(argv, deadline);
    if (result.exit === 0) {
      const [first = ''] = result.stdout.split('\n');
      return first === '/' ? '' : `${first}/`;
    }
    if (/not a btrfs|No such file or directory|Inappropriate ioctl/i.test(result.stderr)) return undefined;
    throw commandFailed(array, argv, result);
  }

  async function list(options: readonly string[], deadline: Deadline): Promise<readonly Subvolume[]> {
    const above = (await prefix(deadline)) ?? '';
    const text = await box.expect([...BTRFS, 'subvolume', 'list', '-a', ...options, '-u', '-q', '--', root], deadline);
    return text.split('\n').flatMap((line) => parseRow(line, above));
  }
}

/**
 * One row of `list -a`, whose paths all begin at the top of the file system, some with a mark before it. (Without -a those
 * below the root begin at the root and all others at the top, and nobody can tell them apart.)
 *
 * Rows of other parts of the file system, and what is no row at all (a name with a line break), are left out.
 *
 * @param above the path of the root from the top, with a slash at its end; '' where it is the top
 */
export function parseRow(line: string, above: string): readonly Subvolume[] {
  const { id, uuid, parent, otime, path: marked } = ROW.exec(line)?.groups ?? {};
  const path = marked?.replace(/^<FS_TREE>\//, '');
  const createdAt = otime === undefined ? undefined : `${otime.replace(' ', 'T')}.000Z`;
  if (id === undefined || uuid === undefined || path?.startsWith(above) !== true) return [];
  return [
    {
      id,
      uuid,
      path: path.slice(above.length),
      ...(parent === undefined || parent === '-' ? {} : { parentUuid: parent }),
      ...(createdAt === undefined || Number.isNaN(Date.parse(createdAt)) ? {} : { createdAt }),
    },
  ];
}

function shown(path: string, text: string): Subvolume | undefined {
  const field = (name: string): string | undefined =>
    new RegExp(`^\\s+${name}:\\s+(\\S.*)$`, 'm').exec(text)?.[1]?.trim();
  const id = field('Subvolume ID');
  const uuid = field('UUID');
  const parentUuid = field('Parent UUID');
  if (id === undefined || uuid === undefined) return undefined;
  return { id, uuid, path, ...(parentUuid === undefined || parentUuid === '-' ? {} : { parentUuid }) };
}

function totals(text: string, above: string): ReadonlyMap<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const line of text.split('\n')) {
    const [, size, path] = /^(\d{1,19}) (.+)$/.exec(line) ?? [];
    if (size === undefined || path?.startsWith(above) !== true) continue;
    const name = path.slice(above.length);
    sums.set(name, (sums.get(name) ?? 0n) + BigInt(size));
  }
  return sums;
}
