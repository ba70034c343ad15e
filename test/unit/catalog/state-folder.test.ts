import { expect, test } from 'vitest';
import { openState, runFolder, setFolder, stateRoot } from '../../../src/catalog/state-folder.ts';
import { memoryFileSystem } from '../../fixtures/memory-file-system.ts';
import { idOf } from '../../fixtures/sets.ts';

test.each([
  ['--state', { flag: '/flag', state: '/srv/sp', env: {} }, '/flag'],
  ['`state:`', { state: '/srv/sp', env: { STILLPOINT_HOME: '/own', HOME: '/root' } }, '/srv/sp'],
  ['STILLPOINT_HOME', { env: { STILLPOINT_HOME: '/own', XDG_STATE_HOME: '/xdg', HOME: '/root' } }, '/own'],
  ['XDG_STATE_HOME', { env: { XDG_STATE_HOME: '/xdg', HOME: '/root' } }, '/xdg/stillpoint'],
  ['HOME', { env: { HOME: '/root' } }, '/root/.local/state/stillpoint'],
  ['HOME where XDG_STATE_HOME is relative', { env: { XDG_STATE_HOME: 'x', HOME: '/r' } }, '/r/.local/state/stillpoint'],
  [
    'HOME where the others are empty',
    { env: { STILLPOINT_HOME: '', XDG_STATE_HOME: '', HOME: '/r' } },
    '/r/.local/state/stillpoint',
  ],
])('the state folder comes from %s', (from, settings, root) => {
  expect(stateRoot(settings)).toEqual({ root, from: from.split(' ')[0] });
});

test('without any of them there is no state folder, and the Fault speaks of cron', () => {
  expect(() => stateRoot({ env: {} })).toThrow(
    expect.objectContaining({ code: 'state.nowhere', exit: 2, hint: expect.stringContaining('under cron') }),
  );
});

test.each([
  ['--state', { flag: '', env: { HOME: '/root' } }],
  ['`state:`', { state: 'state', env: {} }],
  ['STILLPOINT_HOME', { env: { STILLPOINT_HOME: './state' } }],
])('a relative path from %s is refused: every run must find the same folder', (from, settings) => {
  expect(() => stateRoot(settings)).toThrow(
    expect.objectContaining({ code: 'state.relative', message: expect.stringContaining(from) }),
  );
});

test('its folders are made, and a set and its run have places of their own', async () => {
  const files = memoryFileSystem();
  const state = await openState('/s', files);
  expect(await files.list('/s')).toEqual(['locks', 'runs', 'sets']);
  expect(setFolder(state, idOf())).toBe('/s/sets/mail/mail-20261122T020003Z-0001');
  expect(runFolder(state, idOf())).toBe('/s/runs/mail-20261122T020003Z-0001');
});
