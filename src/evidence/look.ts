import type { Deadline } from '../base/deadline.ts';
import { btrfsCheck, btrfsRecovery } from './btrfs.ts';
import { type Content, contentOf, HEAD_BYTES } from './contents.ts';
import type { Evidence, Part } from './evidence.ts';
import { extCheck, extRecovery } from './ext.ts';
import { layoutOf } from './partitions.ts';
import { type ImagePlace, readBytes, type Stretch, sizeOf } from './stretch.ts';
import { xfsCheck, xfsLog, xfsRecovery } from './xfs.ts';

/** `quick`: what superblocks and logs tell. `full`: also what the file systems' own programs say, which takes its time. */
export type Depth = 'quick' | 'full';

/**
 * Looks at the bytes of an image, and changes none of them. Programs of the machine that sees it are used; what cannot
 * be looked at for want of one is said.
 */
export async function lookInside(place: ImagePlace, depth: Depth, deadline: Deadline): Promise<Evidence> {
  const sizeBytes = await sizeOf(place, deadline);
  const layout = await layoutOf((offset, length) => readWithin(place, sizeBytes, offset, length, deadline));
  if (layout.kind === 'damaged') return { sizeBytes, parts: [], damaged: layout.why };
  if (layout.kind === 'none') return { sizeBytes, parts: [await lookAt(place, sizeBytes, depth, deadline)] };
  const parts: Part[] = [];
  for (const partition of layout.partitions) {
    parts.push(await lookAt({ ...place, partition }, sizeBytes, depth, deadline));
  }
  return { sizeBytes, parts };
}

async function lookAt(stretch: Stretch, imageBytes: bigint, depth: Depth, deadline: Deadline): Promise<Part> {
  const { offset, sizeBytes } = stretch.partition ?? { offset: 0, sizeBytes: Number(imageBytes) };
  const where = stretch.partition === undefined ? {} : { partition: stretch.partition };
  if (BigInt(offset) + BigInt(sizeBytes) > imageBytes) {
    return { ...where, what: 'cut off', note: 'it ends behind the end of the disk' };
  }
  const head = await readBytes(stretch, offset, Math.min(HEAD_BYTES, sizeBytes), deadline);
  return { ...where, ...(await lookAtContent(contentOf(head), stretch, depth, deadline)) };
}

async function lookAtContent(
  content: Content,
  stretch: Stretch,
  depth: Depth,
  deadline: Deadline,
): Promise<Omit<Part, 'partition'>> {
  const full = depth === 'full';
  switch (content.kind) {
    case 'ext':
      return {
        what: content.type,
        recovery: extRecovery(content),
        ...(full ? { check: await extCheck(content, stretch, deadline) } : {}),
        ...(content.hasErrors ? { note: 'the guest itself had found errors in it' } : {}),
      };
    case 'xfs': {
      const log = await xfsLog(content, stretch, deadline);
      const recovery = xfsRecovery(log);
      return { what: 'xfs', recovery, ...(full ? { check: await xfsCheck(log, stretch, deadline) } : {}) };
    }
    case 'btrfs':
      return {
        what: 'btrfs',
        recovery: btrfsRecovery(content),
        ...(full ? { check: await btrfsCheck(content, stretch, deadline) } : {}),
      };
    case 'other':
      return { what: content.what };
    case 'nothing':
      return { what: 'nothing' };
    case 'unknown':
      return { what: 'unknown' };
  }
}

/** Behind its end there is nothing to read, and asking for it is an error. */
async function readWithin(
  place: ImagePlace,
  sizeBytes: bigint,
  offset: number,
  length: number,
  deadline: Deadline,
): Promise<Buffer> {
  if (BigInt(offset) >= sizeBytes) return Buffer.alloc(0);
  return readBytes(place, offset, length, deadline);
}
