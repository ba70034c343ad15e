import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type KernelDisk, writeKernelTree } from './guest/kernel.ts';
import { startSshServer } from './guest/server.ts';
import { startWriter } from './guest/writer.ts';
import type { Spot } from './spot.ts';

export interface GuestWish {
  readonly name: string;
  readonly biosUuid: string;
  /** Written first. */
  readonly boot: GuestDisk;
  readonly data: GuestDisk;
  readonly everyMs: number;
  /** The public key that may log in. */
  readonly allowedKey: string;
}

export interface GuestDisk extends KernelDisk {
  readonly spot: Spot;
}

export interface DemoGuest {
  readonly name: string;
  readonly port: number;
  /** The host key's fingerprint, 'SHA256:…'. */
  readonly hostKey: string;
  close(): Promise<void>;
}

/** Programs of the guest's own, and what they are made of: they come before those of this machine. */
const STAND_INS = {
  fsfreeze: 'fsfreeze.sh',
  sync: 'sync.sh',
  python3: 'missing.sh',
  'platform-python': 'missing.sh',
  perl: 'missing.sh',
};

/**
 * A guest: an SSH server whose commands run here, as this user, and a writer that puts N on the boot disk and then on the
 * data disk. Its `fsfreeze` stops the writer.
 */
export async function startGuest(folder: string, wish: GuestWish): Promise<DemoGuest> {
  const own = join(folder, wish.name);
  for (const part of ['bin', 'disks', 'frozen']) await mkdir(join(own, part), { recursive: true });
  for (const { mount, spot } of [wish.boot, wish.data]) await symlink(spot.file, join(own, 'disks', basename(mount)));
  await writeKernelTree(join(own, 'root'), wish.biosUuid, [wish.boot, wish.data]);
  for (const [name, script] of Object.entries(STAND_INS)) {
    const program = join(own, 'bin', name);
    await copyFile(fileURLToPath(new URL(`./guest/${script}`, import.meta.url)), program);
    await chmod(program, 0o700);
  }

  const writer = await startWriter(wish.boot.spot, wish.data.spot, wish.everyMs);
  await writeFile(join(own, 'writer'), `${writer.pid}\n`);
  const env = {
    PATH: `${join(own, 'bin')}:/usr/bin:/bin:/usr/sbin:/sbin`,
    HOME: own,
    LC_ALL: 'C',
    STILLPOINT_ROOT: join(own, 'root'),
  };
  const server = await startSshServer(wish.allowedKey, { env, folder: own }).catch(async (thrown: unknown) => {
    await writer.stop();
    throw thrown;
  });
  return {
    name: wish.name,
    port: server.port,
    hostKey: server.hostKey,
    async close() {
      await server.close();
      await writer.stop();
    },
  };
}
