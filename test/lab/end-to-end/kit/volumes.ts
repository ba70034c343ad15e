import { join } from 'node:path';
import { type LabDisk, makeFileSystem } from '../../kit/disk.ts';
import { must } from '../../kit/programs.ts';
import type { ArrayName, VmDisk } from './orders.ts';

export function makeVolume(disk: LabDisk, array: ArrayName, volume: string): string {
  const path = join(disk.here, volume);
  if (array === 'alpha') must('btrfs', '-q', 'subvolume', 'create', path);
  return imageOf(path, array);
}

export function imageOf(path: string, array: ArrayName): string {
  return array === 'alpha' ? join(path, 'lun.img') : path;
}

export function makeImage(
  image: string,
  { type = 'ext4', sizeMb = 64, split = false }: VmDisk,
  bytes: 'thin' | 'thick',
): void {
  if (bytes === 'thin') must('truncate', '-s', `${sizeMb}M`, image);
  else must('dd', 'if=/dev/zero', `of=${image}`, 'bs=1M', `count=${sizeMb}`, 'status=none');
  if (!split) makeFileSystem(type, image);
}
