import { expect, test } from 'vitest';
import { sleep } from '../../../src/base/clock.ts';
import { deadline } from '../../../src/base/deadline.ts';
import { waitsOn } from '../../../src/base/waits.ts';
import { handClock } from '../../sim/hand-clock.ts';

function told() {
  const clock = handClock();
  const waits = waitsOn(clock);
  const said: string[] = [];
  waits.tell = ({ for: what, forMs, over }) => void said.push(`${what} ${forMs / 1000}${over ? ' over' : ''}`);
  const limit = deadline(clock, 600_000, 'the run');
  const wait = (what: string, ms: number): Promise<void> => waits.during(what, limit, () => sleep(clock, ms));
  return { clock, waits, said, wait };
}

test('what is waited for is told after five seconds, again as it goes on, and when it is over', async () => {
  const { clock, waits, said, wait } = told();
  void wait('array ceph', 75_000);
  await clock.pass(4_999);
  expect(said).toEqual([]);
  expect(waits.now()).toEqual([{ for: 'array ceph', forMs: 4_999, leftMs: 595_001 }]);
  await clock.pass(70_001);
  expect(said).toEqual([...[5, 10, 20, 40, 70].map((s) => `array ceph ${s}`), 'array ceph 75 over']);
  expect(waits.now()).toEqual([]);
});

test('what is answered in time is not told, also where it fails', async () => {
  const { clock, waits, said, wait } = told();
  void wait('array fast', 4_000);
  const failing = waits.during('vSphere', deadline(clock, 10_000, 'asking'), async () => {
    await sleep(clock, 3_000);
    throw new Error('refused');
  });
  await expect(clock.drive(failing)).rejects.toThrow('refused');
  await clock.pass(60_000);
  expect(said).toEqual([]);
});

test('of several questions to one place only the oldest is told', async () => {
  const { clock, said, wait } = told();
  void wait('array ceph', 8_000);
  await clock.pass(1_000);
  void wait('array ceph', 20_000);
  await clock.pass(25_000);
  expect(said).toEqual(['array ceph 5', 'array ceph 8 over', 'array ceph 10', 'array ceph 20 over']);
});
