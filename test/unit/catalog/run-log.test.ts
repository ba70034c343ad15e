import { expect, test } from 'vitest';
import type { Clock } from '../../../src/base/clock.ts';
import { openRunLog } from '../../../src/catalog/run-log.ts';
import { openState } from '../../../src/catalog/state-folder.ts';
import { memoryFileSystem } from '../../fixtures/memory-file-system.ts';
import { idOf } from '../../fixtures/sets.ts';

const clock: Clock = { now: () => 0, date: () => new Date('2026-11-22T02:00:04.000Z'), after: () => () => undefined };

test('everything that a run tells is kept, one object a line, with its time', async () => {
  const files = memoryFileSystem();
  const log = await openRunLog(await openState('/s', files), idOf(), clock);
  log.emit({ type: 'step', step: 'resolve' });
  log.emit({ type: 'window', is: 'opened', atMs: 5 }, new Date('2026-11-22T02:00:03.500Z'));
  expect(await log.close()).toBeUndefined();
  expect((await files.read(log.file))?.split('\n')).toEqual([
    '{"at":"2026-11-22T02:00:04.000Z","type":"step","step":"resolve"}',
    '{"at":"2026-11-22T02:00:03.500Z","type":"window","is":"opened","atMs":5}',
    '',
  ]);
});

test('while the window is open nothing is written', async () => {
  const files = memoryFileSystem();
  const log = await openRunLog(await openState('/s', files), idOf(), clock);
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  log.emit({ type: 'step', step: 'window' });
  log.emit({ type: 'window', is: 'opened', atMs: 5 });
  log.emit({ type: 'array', array: 'fast', is: 'cut', atMs: 9 });
  await settled();
  expect(await files.read(log.file)).toBeUndefined();
  log.emit({ type: 'window', is: 'closed', atMs: 11 });
  await settled();
  expect((await files.read(log.file))?.split('\n')).toHaveLength(5);
});

test('a disk that is full ends no run: the log says at its close why it is not whole', async () => {
  const files = memoryFileSystem({ folders: ['/s', '/s/runs', `/s/runs/${idOf()}`], stopAt: 0 });
  const log = await openRunLog({ root: '/s', files }, idOf(), clock);
  log.emit({ type: 'step', step: 'resolve' });
  expect(await log.close()).toContain('the machine has stopped');
});
