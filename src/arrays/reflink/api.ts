import type { Deadline } from '../../base/deadline.ts';
import { Fault } from '../../base/fault.ts';
import { lastLine, quoted } from '../../base/quoted.ts';
import type { ArrayId } from '../../model.ts';
import type { CommandResult } from '../../ports.ts';
import type { Box } from '../box.ts';
import { type Reason, reasonFor } from '../reasons.ts';

/** A file as the file system knows it: whatever is renamed or written into it, its id stays; no other ever has it. */
export interface ImageFile {
  /** Inode and birth, 'INODE-SECONDS.NANOSECONDS': an inode number can come back, at that instant it cannot. */
  readonly id: string;
  readonly bornAt: string;
  /** When its bytes were last changed. */
  readonly writtenAt: string;
  readonly sizeBytes: bigint;
  /** Relative to the folder that was asked about. */
  readonly name: string;
}

/** What can be asked of GNU coreutils and findutils (8.32 and 4.8, or newer) and told to them. */
export interface FilesApi {
  /** Those of these files that are there and are plain files, by name. */
  images(names: readonly string[], deadline: Deadline): Promise<ReadonlyMap<string, ImageFile>>;
  /** Plain files in the snapshot folder whose names begin like ours. */
  clones(deadline: Deadline): Promise<readonly ImageFile[]>;
  clone(name: string, deadline: Deadline): Promise<ImageFile | undefined>;
  /** Removes the file only if it is still this one. */
  remove(file: ImageFile, deadline: Deadline): Promise<void>;
  /** Removes what a cut with this label began and did not finish. */
  removeParts(label: string, deadline: Deadline): Promise<void>;
  /** Makes the folder, and shows on two small files that cloning works in it. */
  prepare(label: string, deadline: Deadline): Promise<void>;
  /** Writes out what is dirty in the images, so that cloning has little left to write. */
  flush(names: readonly string[], deadline: Deadline): Promise<void>;
  /** What is in the folder now stays after a power loss. */
  keep(deadline: Deadline): Promise<void>;
  fileSystem(deadline: Deadline): Promise<string>;
}

/** What a clone is called until it is whole. */
export const PART = '.part-';

const STAT = ['stat', '--printf', '%F|%i|%.9W|%.9Y|%s|%n\\0', '--'] as const;

export function filesApi(array: ArrayId, at: { readonly root: string; readonly folder: string }, box: Box): FilesApi {
  const { root, folder } = at;

  return {
    async images(names, deadline) {
      const files = await stat(root, names, deadline);
      return new Map(files.map((file) => [file.name, file]));
    },
    async clones(deadline) {
      const listing = 'LC_ALL=C; export LC_ALL; if [ -d "$1" ]; then exec find "$@"; fi';
      const tests = ['-maxdepth', '1', '-type', 'f', '-name', 'sp*', '-exec', ...STAT, '{}', '+'];
      return parseStat(
        array,
        folder,
        await box.listing(['sh', '-c', listing, 'stillpoint', folder, ...tests], deadline),
      );
    },
    clone: async (name, deadline) => (await stat(folder, [name], deadline))[0],
    async remove(file, deadline) {
      const inode = file.id.split('-')[0] ?? '';
      await box.expect(
        ['find', `${folder}/${file.name}`, '-maxdepth', '0', '-type', 'f', '-inum', inode, '-delete'],
        deadline,
      );
    },
    async removeParts(label, deadline) {
      const script = 'if [ -d "$1" ]; then exec find "$1" -maxdepth 1 -type f -name "$2*" -delete; fi';
      await box.expect(['sh', '-c', script, 'stillpoint', folder, `${PART}${label}`], deadline);
    },
    async prepare(label, deadline) {
      const result = await box.run(['sh', '-c', PROBE, 'stillpoint', folder, `${PART}${label}-probe`], deadline);
      if (result.exit !== 0) throw cannotClone(array, folder, result);
    },
    flush: async (names, deadline) =>
      void (await box.expect(['sync', '--', ...names.map((name) => `${root}/${name}`)], deadline)),
    keep: async (deadline) =>
      void (await box.expect(
        ['sh', '-c', 'if [ -d "$1" ]; then exec sync -- "$1"; fi', 'stillpoint', folder],
        deadline,
      )),
    fileSystem: async (deadline) => (await box.expect(['stat', '-f', '-c', '%T', '--', root], deadline)).trim(),
  };

  async function stat(above: string, names: readonly string[], deadline: Deadline): Promise<readonly ImageFile[]> {
    if (names.length === 0) return [];
    const result = await box.run(['env', 'LC_ALL=C', ...STAT, ...names.map((name) => `${above}/${name}`)], deadline);
    // A name that is not there makes it fail, and the others are told all the same.
    return parseStat(array, above, result.stdout);
  }
}

/** Data in both, or an inline or empty file would be a copy that proves nothing. */
const PROBE = `
LC_ALL=C; export LC_ALL
mkdir -p -m 700 -- "$1" || exit 1
umask 077
dd if=/dev/zero of="$1/$2-a" bs=65536 count=1 status=none && cp --reflink=always -- "$1/$2-a" "$1/$2-b"
code=$?
rm -f -- "$1/$2-a" "$1/$2-b"
exit $code`;

function parseStat(array: ArrayId, above: string, text: string): readonly ImageFile[] {
  return text.split('\0').flatMap((row) => {
    const parts =
      /^regular(?: empty)? file\|(\d{1,20})\|(\d{1,11}\.\d{9})\|(-?\d{1,11}\.\d{9})\|(\d{1,19})\|(.+)$/s.exec(row);
    if (parts === null) return [];
    const [, inode = '', born = '', written = '', size = '', path = ''] = parts;
    if (Number(born) === 0) throw noBirth(array, path);
    const file = {
      id: `${inode}-${born}`,
      bornAt: instant(born),
      writtenAt: instant(written),
      sizeBytes: BigInt(size),
      name: path.slice(above.length + 1),
    };
    return [file];
  });
}

function instant(seconds: string): string {
  return new Date(Math.floor(Number(seconds) * 1000)).toISOString();
}

function noBirth(array: ArrayId, path: string): Fault {
  return new Fault({
    code: 'array.no-birth-time',
    message: `array ${array}: the file system of ${quoted(path)} does not tell when a file was made`,
    hint: 'Its inode number alone does not identify a file for ever: use xfs with crc=1, btrfs or another that tells.',
  });
}

const CLONING: Reason = {
  code: 'array.cannot-clone',
  hint: 'LUNs and snapshot folder must lie on one file system with reflink (mkfs.xfs -m reflink=1), writable for this login.',
};

/** A full disk and a file system that cannot clone look alike to whoever only tries. */
function cannotClone(array: ArrayId, folder: string, { exit, stderr }: CommandResult): Fault {
  const said = lastLine(stderr);
  const known = reasonFor(exit, said);
  const { code, hint } = known === undefined || known.code === CLONING.code ? CLONING : known;
  return new Fault({
    code,
    message: `array ${array}: files in ${folder} cannot be cloned: ${said === '' ? `exit ${exit}` : said}`,
    hint,
  });
}
