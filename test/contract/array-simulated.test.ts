import type { DeviceKey } from '../../src/model.ts';
import { simulatedArray } from '../doubles/array/array.ts';
import { simulated } from '../doubles/array/driver.ts';
import type { FireFault } from '../doubles/array/faults.ts';
import { jumpingClock } from './array-clock.ts';
import type { ArrayLab, LabFault } from './array-lab.ts';
import { arraySuite } from './array-suite.ts';

const FAULTS: Record<LabFault, FireFault> = {
  refused: { kind: 'refused' },
  'lost-before': { kind: 'lost-before' },
  'lost-after': { kind: 'lost-after' },
  late: { kind: 'lost-after', cutMs: 30_000 },
  job: { kind: 'job', cutMs: 500 },
  'job-fails': { kind: 'job', cutMs: 50, fails: true },
};

const faults = ['refused', 'lost-before', 'lost-after', 'late', 'job', 'job-fails'] as const;
arraySuite('the simulated array', async () => openLab(), { faults });
arraySuite('the simulated array that cuts a group', async () => openLab('mail'), { faults, oneUnit: true });
arraySuite('the simulated array whose group carries the label', async () => openLab('mail', 'group'), {
  faults,
  oneUnit: true,
});

function openLab(group?: string, names: 'volume' | 'group' = 'volume'): ArrayLab {
  const clock = jumpingClock();
  const devices = ['naa.6a0', 'naa.6a1', 'naa.6a2'].map((naa) => naa as DeviceKey);
  const array = simulatedArray(
    'fast',
    {
      volumes: devices.map((device, index) => ({
        name: `mail_${index}`,
        device,
        sizeBytes: 1n << 30n,
        ...(group === undefined ? {} : { group }),
      })),
      names,
      shows: {
        where: 'a helper',
        run: async (argv) => ({ exit: 0, stdout: shown(argv.at(-1) ?? ''), stderr: '' }),
        start: () => Promise.reject(new Error('nobody speaks to it')),
        close: async () => {},
      },
    },
    clock,
  );
  const held = new Map<string, string>();
  const copies = new Map<string, string>();
  const shown = (image: string): string => {
    const snapshot = array.snapshots().find(({ name }) => image === `/copies/${name}`);
    return copies.get(snapshot?.id ?? '') ?? 'no copy';
  };
  array.onCut((cut) => {
    for (const snapshot of array.snapshots()) {
      if (cut.label === snapshot.label && cut.volumes.includes(snapshot.source.id)) {
        copies.set(snapshot.id, held.get(snapshot.source.id) ?? '');
      }
    }
  });
  const idOf = (volume: number): string => array.volumes[volume]?.id ?? '';
  const operations = [
    'check',
    'locate',
    'group',
    'arm',
    'recheck',
    'find',
    'disarm',
    'remove',
    'expose',
    'withdraw',
  ] as const;

  return {
    clock,
    devices,
    driver: () => simulated(array),
    objects: async () => array.objects(),
    write: async (volume, text) => void held.set(idOf(volume), text),
    read: async (snapshot) => copies.get(snapshot.id) ?? '',
    replace: async (snapshot) => array.place({ ...snapshot, id: `${snapshot.id}-again` }),
    fail: async (volume, fault) => array.failFire(group === undefined ? idOf(volume) : `fast-${group}`, FAULTS[fault]),
    stall() {
      for (const operation of operations) {
        for (const executed of [true, false, true]) array.failNext(operation, { kind: 'lost', executed });
      }
      for (const volume of devices.keys()) array.failFire(idOf(volume), { kind: 'lost-before' });
    },
    shows: true,
    wrongs: [],
    close: async () => {},
  };
}
