import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { Shell } from '../../src/ports.ts';
import { connectSsh } from '../../src/transport/ssh.ts';
import { arraySuite } from '../contract/array-suite.ts';
import { type Need, needs } from '../needs.ts';
import { within } from '../wire/kit/shell-suite.ts';
import { settingsFor, startSshd, type TestSshd } from '../wire/kit/sshd.ts';
import { BTRFS, type LinuxMake, type LoopFileSystem, loopFileSystem, openLab, XFS } from './arrays-linux.ts';

const FAULTS = { faults: ['refused', 'lost-before', 'lost-after', 'late'] } as const;

for (const [make, program] of [
  [BTRFS, 'mkfs.btrfs'],
  [XFS, 'mkfs.xfs'],
] as const) {
  onRealDisk(make, program);
}

function onRealDisk(make: LinuxMake, program: Need): void {
  needs(
    'root',
    'linux',
    'loop',
    program,
  )(`${make.name} on a real file system`, () => {
    let disk: LoopFileSystem;
    let serial = 0;
    beforeAll(() => {
      disk = loopFileSystem(make);
    });
    afterAll(() => disk?.close());
    const nextRoot = (): string => join(disk.mount, `array ${serial++}`);

    arraySuite('on this machine', async () => openLab(make, nextRoot()), FAULTS);

    needs('sshd', 'ssh')('behind a real sshd', () => {
      let sshd: TestSshd;
      beforeAll(async () => {
        sshd = await startSshd();
      });
      afterAll(() => sshd?.stop());
      const connect = (): Promise<Shell> => connectSsh(settingsFor(sshd), { deadline: within() });

      arraySuite('the same', async () => openLab(make, nextRoot(), connect), FAULTS);
    });
  });
}
