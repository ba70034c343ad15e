import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { GuestChannel, HoldOrder, Quiescer, Shell } from '../../src/ports.ts';
import { fsfreezeSettings } from '../../src/quiesce/fsfreeze/config.ts';
import { fsfreeze } from '../../src/quiesce/fsfreeze/method.ts';
import { scriptSettings } from '../../src/quiesce/script/config.ts';
import { script } from '../../src/quiesce/script/method.ts';
import { needs } from '../needs.ts';
import type { LabGuest } from './kit/guest.ts';
import { diskAt, guestOver, leftClean, standsStill, within, writesWithin } from './kit/holding.ts';
import { type Lab, openLab } from './kit/lab.ts';
import { GUEST } from './kit/needs.ts';

const ORDER: HoldOrder = {
  owner: 'run 7 of ada@control',
  covers: [],
  gives: 'filesystem',
  watches: [],
  maxLeaseMs: 8000,
};
const MARK = '/run/still';

needs(...GUEST)(
  'two stages in one guest: an application that covers one file system, and a freeze of the other',
  () => {
    let lab: Lab;
    let guest: LabGuest;
    let shell: Shell;
    let channels: GuestChannel[] = [];
    beforeAll(async () => {
      lab = openLab();
      guest = await lab.guest('g', { mounts: { '/srv/a': {}, '/srv/b': {} } });
      shell = await guest.shell(within(5000));
    });
    afterEach(async () => {
      for (const channel of channels) await channel.close();
      await leftClean(guest);
    });
    afterAll(() => lab.close());
    afterAll(() => shell.close());

    const application = script(
      scriptSettings.parse({
        hold: ['touch', MARK],
        check: ['test', '-e', MARK],
        release: ['rm', '-f', MARK],
        gives: 'application',
        covers: ['/srv/b'],
      }),
      { clock: systemClock },
    );
    const isMarked = (): boolean => existsSync(`/proc/${guest.pid}/root${MARK}`);

    /** As a run does: all are opened, then all look again, and only then is the first held. */
    async function opened(...stages: readonly Quiescer[]): Promise<readonly GuestChannel[]> {
      for (const stage of stages) await stage.probe(guestOver(shell, guest), within(10_000));
      channels = [];
      for (const stage of stages) channels.push(await stage.open(guestOver(shell, guest), ORDER, within(10_000)));
      for (const channel of channels) await channel.recheck(within(10_000));
      return channels;
    }

    test.each(['python3', 'sh'] as const)(
      'both look again while the other is open, hold, and let go (%s)',
      async (interpreter) => {
        const freeze = fsfreeze(fsfreezeSettings.parse({ interpreter, mounts: ['/srv/a'] }), { clock: systemClock });
        const stages = await opened(application, freeze);
        for (const stage of stages) await stage.hold(5000, within(5000));
        expect(isMarked()).toBe(true);
        await standsStill(diskAt(guest, '/srv/a'));
        await writesWithin(1000, diskAt(guest, '/srv/b'));
        for (const stage of stages.toReversed())
          expect(await stage.release('taken', within(5000))).toEqual({ kind: 'kept' });
        expect(isMarked()).toBe(false);
        await writesWithin(1000, diskAt(guest, '/srv/a'));
      },
    );
  },
);
