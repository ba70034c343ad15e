import { unescapeWord } from '../holder/words.ts';
import { type Facts, textOf } from './facts.ts';

/** One line of /proc/self/mountinfo. */
export interface Mount {
  readonly path: string;
  /** What of the file system is mounted here: '/' or a folder or subvolume of it. */
  readonly root: string;
  /** major:minor of the superblock: the same for all binds and subvolumes of it. */
  readonly superblock: string;
  readonly type: string;
  readonly source: string;
  /** The file system itself is read-only, not only this view of it. */
  readonly readOnly: boolean;
}

/** In the order of mounting. */
export function mountsOf(facts: Facts): readonly Mount[] {
  return (textOf(facts, '/proc/self/mountinfo') ?? '').split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const dash = fields.indexOf('-');
    const [, , superblock, root, path] = fields;
    const [type, source, options = ''] = fields.slice(dash + 1);
    if (dash < 6 || superblock === undefined || root === undefined || path === undefined) return [];
    if (type === undefined || source === undefined) return [];
    const readOnly = options.split(',').includes('ro');
    return [
      { path: unescapeWord(path), root: unescapeWord(root), superblock, type, source: unescapeWord(source), readOnly },
    ];
  });
}

/** File systems whose freeze is known to stop all writes and to leave a mountable image. */
export const FREEZABLE = new Set(['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'jfs', 'reiserfs', 'f2fs', 'nilfs2']);

/** Data that lies on another machine. */
export const NETWORK = new Set([
  'nfs',
  'nfs4',
  'cifs',
  'smb3',
  'ceph',
  'glusterfs',
  'fuse.glusterfs',
  '9p',
  'fuse.sshfs',
  'gfs2',
  'ocfs2',
]);

/** The mount that a path lies on: the longest mount point above it, the last mounted of these. */
export function mountAbove(path: string, mounts: readonly Mount[]): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    const above = mount.path.endsWith('/') ? mount.path : `${mount.path}/`;
    if (`${path}/`.startsWith(above) && mount.path.length >= (best?.path.length ?? 0)) best = mount;
  }
  return best;
}

/** One mount a superblock and place: what hides below another mount, or is a bind of a part, is not a use of its own. */
export function visible(mounts: readonly Mount[]): readonly Mount[] {
  const last = new Map(mounts.map((mount) => [mount.path, mount]));
  const seen = [...last.values()];
  return seen.filter(
    (mount) =>
      mount.type === 'btrfs' ||
      mount.root === '/' ||
      !seen.some((other) => other.superblock === mount.superblock && other.root === '/'),
  );
}
