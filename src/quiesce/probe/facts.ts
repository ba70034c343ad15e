import type { Report } from '../holder/words.ts';
import { unescapeWord } from '../holder/words.ts';

/** What the guest's kernel says of itself, unread: the holder sends it as it stands, and it is understood here. */
export interface Facts {
  /** By path: /proc/self/mountinfo, /sys/class/block/sda/size, … */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Where a link leads: /sys/class/block/sda → /sys/devices/…/block/sda */
  readonly links: ReadonlyMap<string, string>;
  /** Block devices that a file system of whatever namespace, or its journal, lies on: kernel names, or major:minor. */
  readonly claimed: ReadonlySet<string>;
  /** By loop device: major:minor of what its file lies on. The sh form cannot tell it. */
  readonly backing: ReadonlyMap<string, string>;
  /** Programs that have a block device open for writing. */
  readonly writers: readonly { readonly program: string; readonly device: string }[];
}

export function factsIn(reports: Iterable<Report>): Facts {
  const pieces = new Map<string, Buffer[]>();
  const links = new Map<string, string>();
  const claimed = new Set<string>();
  const backing = new Map<string, string>();
  const writers: { program: string; device: string }[] = [];
  for (const report of reports) {
    if (report.kind !== 'fact') continue;
    const [letter, ...words] = report.words;
    const [first = '', second = '', third = ''] = words.map(unescapeWord);
    if (letter === 'F') add(pieces, first, hex(second));
    else if (letter === 'T') pieces.set(first, [Buffer.from(report.words.slice(2).join(' '))]);
    else if (letter === 'L') {
      links.set(first, second);
      for (const name of lainOn(first)) claimed.add(name);
    } else if (letter === 'B') backing.set(first, second);
    else if (letter === 'X') claimed.add(first);
    else if (letter === 'U') writers.push({ program: second, device: third });
  }
  const files = new Map([...pieces].map(([path, parts]) => [path, Buffer.concat(parts)]));
  return { files, links, claimed, backing, writers };
}

/** The kernel keeps a folder for each: by its device, and a journal inside of it with the number of its inode behind. */
function lainOn(folder: string): readonly string[] {
  const [, name] =
    /^\/(?:sys\/fs\/(?:btrfs\/[^/]+\/devices|ext4|xfs|f2fs|nilfs2)|proc\/fs\/jbd2)\/([^/]+)$/.exec(folder) ?? [];
  return name === undefined ? [] : [name, name.replace(/-\d+$/, '')];
}

function add(pieces: Map<string, Buffer[]>, path: string, piece: Buffer): void {
  const parts = pieces.get(path);
  if (parts === undefined) pieces.set(path, [piece]);
  else parts.push(piece);
}

export function textOf(facts: Facts, path: string): string | undefined {
  return facts.files.get(path)?.toString().trim();
}

/** The machine's own name in DMI, lower case; only root can read it. */
export function biosUuidIn(facts: Facts): string | undefined {
  return textOf(facts, '/sys/class/dmi/id/product_uuid')?.toLowerCase();
}

/** Whether the holder itself runs as root. */
export function runsAsRoot(facts: Facts): boolean {
  return /^Uid:\s+\d+\s+0\s/m.test(textOf(facts, '/proc/self/status') ?? '');
}

function hex(text: string): Buffer {
  return text === '-' ? Buffer.alloc(0) : Buffer.from(text, 'hex');
}
