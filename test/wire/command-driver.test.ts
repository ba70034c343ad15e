import { afterAll, beforeAll } from 'vitest';
import { connectSsh } from '../../src/transport/ssh.ts';
import { arraySuite } from '../contract/array-suite.ts';
import { needs } from '../needs.ts';
import { openCommandLab, STYLES } from './command-driver-lab.ts';
import { within } from './kit/shell-suite.ts';
import { settingsFor, startSshd, type TestSshd } from './kit/sshd.ts';

const FAULTS = ['refused', 'lost-before', 'lost-after', 'late'] as const;
const JOB_FAULTS = [...FAULTS, 'job', 'job-fails'] as const;

needs('linux')('the command driver on this machine', () => {
  arraySuite('one command for all volumes', async () => openCommandLab(STYLES.together), {
    faults: FAULTS,
    oneUnit: true,
  });
  arraySuite('one command a volume', async () => openCommandLab(STYLES.apart), { faults: FAULTS });
  arraySuite('a command that starts a job', async () => openCommandLab(STYLES.jobs), { faults: JOB_FAULTS });
});

needs(
  'linux',
  'sshd',
  'ssh',
)('the command driver behind a real sshd', () => {
  let sshd: TestSshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd?.stop());
  const connect = () => connectSsh(settingsFor(sshd), { deadline: within() });

  arraySuite('one command for all volumes', async () => openCommandLab(STYLES.together, connect), {
    faults: FAULTS,
    oneUnit: true,
  });
  arraySuite('a command that starts a job', async () => openCommandLab(STYLES.jobs, connect), { faults: JOB_FAULTS });
});
