import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** One disk with one file system, mounted. */
export interface KernelDisk {
  /** SCSI target: the unit of vSphere's address. */
  readonly target: number;
  readonly sizeBytes: bigint;
  /** 'naa.…': what it answers to an inquiry. */
  readonly wwid: string;
  readonly mount: string;
  readonly fsType: string;
}

const SECTOR = 512n;

/**
 * What the kernel of a guest would show under /proc, /sys and /dev, as files below `root`: the guest's disks on one SCSI
 * controller, `/` in memory. The holder's probe reads it where the guest's environment says so.
 */
export async function writeKernelTree(root: string, biosUuid: string, disks: readonly KernelDisk[]): Promise<void> {
  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  const mounts = ['21 1 0:20 / / rw - tmpfs tmpfs rw'];
  await mkdir(join(root, 'sys/class/block'), { recursive: true });
  for (const [index, disk] of disks.entries()) {
    const name = `sd${String.fromCharCode(97 + index)}`;
    const numbers = `8:${index * 16}`;
    const scsi = `0:0:${disk.target}:0`;
    const device = `devices/pci0000:00/0000:03:00.0/host0/target0:0:${disk.target}/${scsi}`;
    const block = `sys/${device}/block/${name}`;
    await put(`sys/${device}/wwid`, `${disk.wwid}\n`);
    await put(`${block}/size`, `${disk.sizeBytes / SECTOR}\n`);
    await put(`${block}/dev`, `${numbers}\n`);
    await put(`${block}/ro`, '0\n');
    await put(`${block}/stat`, '60 0 2400 9 148 5 4216 29 0 20 51 0 0 0 0 28 12\n');
    await put(`${block}/inflight`, '0 0\n');
    await put(`dev/${name}`, '');
    await symlink('../..', join(root, block, 'device'));
    await symlink(`../../${device}/block/${name}`, join(root, 'sys/class/block', name));
    mounts.push(`${22 + index} 21 ${numbers} / ${disk.mount} rw - ${disk.fsType} /dev/${name} rw`);
  }
  await put('proc/self/mountinfo', `${mounts.join('\n')}\n`);
  await put('proc/self/status', 'Uid:\t0\t0\t0\t0\n');
  await put('proc/swaps', 'Filename\tType\tSize\tUsed\tPriority\n');
  await put('sys/class/dmi/id/product_uuid', `${biosUuid}\n`);
  await mkdir(join(root, 'run'));
}
