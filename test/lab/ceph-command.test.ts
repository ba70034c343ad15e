import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { arraySuite } from '../contract/array-suite.ts';
import { needs } from '../needs.ts';
import { openCephLab } from './ceph-command-lab.ts';
import { type Ceph, startCeph } from './kit/ceph.ts';

needs('linux', 'ceph')('the command driver with a real Ceph', () => {
  let folder: string;
  let ceph: Ceph;
  let serial = 0;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), `splab-${process.pid}-`));
    ceph = await startCeph(folder);
  });
  afterAll(async () => {
    await ceph?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  arraySuite('an image at a time, as the example says', async () => openCephLab(ceph, `t${serial++}`), {
    faults: ['refused', 'late'],
  });
});
