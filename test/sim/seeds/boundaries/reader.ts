import { type Clock, sleep } from '../../../../src/base/clock.ts';
import { beforeDeadline, type Deadline } from '../../../../src/base/deadline.ts';
import { Fault } from '../../../../src/base/fault.ts';
import type { PlacementReader } from '../../../../src/ports.ts';
import type { Vsphere } from '../vsphere.ts';
import type { Weather } from '../weather.ts';

/**
 * vSphere as one operation reaches it.
 *
 * @param aheadMs the world's clock against that of whoever asks, now
 */
export function readerUnder(
  vsphere: Vsphere,
  clock: Clock,
  worldMs: (sinceMs: number) => number,
  weather: Weather,
): PlacementReader {
  const isGone = weather.draw.chance(0.2) && weather.befalls(['vsphere-gone']) !== undefined;
  async function asked<T>(answer: () => T, limit: Deadline): Promise<T> {
    const kind = isGone ? 'refused' : weather.befalls(['refused', 'slow', 'lost-before']);
    if (kind === 'refused') throw gone();
    if (kind === 'lost-before') return beforeDeadline(new Promise<never>(() => {}), limit);
    await sleep(clock, kind === 'slow' ? weather.draw.between(100, 20_000) : 5, limit.signal);
    limit.signal.throwIfAborted();
    return answer();
  }
  return {
    read: (vms, limit) =>
      asked(() => vsphere.placement(vms.map(({ wanted }) => wanted.replace('VirtualMachine:', ''))), limit),
    disturbances: (refs, sinceMs, limit) => asked(() => vsphere.disturbances(refs, worldMs(sinceMs)), limit),
  };
}

function gone(): Fault {
  return new Fault({ code: 'vsphere.unreachable', message: 'vc.example: connection refused' });
}
