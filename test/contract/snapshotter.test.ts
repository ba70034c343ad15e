import { describe } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { simulatedSnapshotter } from '../doubles/snapshotter.ts';
import { snapshotterSuite } from './snapshotter-suite.ts';

describe('a simulated guest snapshot', () => {
  snapshotterSuite(async () => {
    const simulated = simulatedSnapshotter(systemClock, { takesMs: 1 });
    const byHand: string[] = [];
    return {
      clock: systemClock,
      snapshotter: () => simulated,
      guest: { vm: 'mail01', connect: () => Promise.reject(new Error('none')), told: new Map() },
      identity: { vm: 'mail01', instanceUuid: '5030' },
      names: async () => [...byHand, ...simulated.standing().map(({ name }) => name)],
      takeByHand: async (name) => void byHand.push(name),
      close: async () => {},
    };
  });
});
