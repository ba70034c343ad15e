import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { Quiescer, Shell } from '../../src/ports.ts';
import { fsfreezeSettings } from '../../src/quiesce/fsfreeze/config.ts';
import { fsfreeze } from '../../src/quiesce/fsfreeze/method.ts';
import { scriptSettings } from '../../src/quiesce/script/config.ts';
import { script } from '../../src/quiesce/script/method.ts';
import { quiescerSuite } from '../contract/quiescer-suite.ts';
import { needs } from '../needs.ts';
import type { LabGuest } from './kit/guest.ts';
import { eachHolder } from './kit/holders.ts';
import { diskAt, guestOver, leftClean, within } from './kit/holding.ts';
import { type Lab, openLab } from './kit/lab.ts';
import { GUEST } from './kit/needs.ts';

needs(...GUEST, 'perl')('over a real sshd', () => {
  let lab: Lab;
  let guest: LabGuest;
  beforeAll(async () => {
    lab = openLab();
    guest = await lab.guest('g', { mounts: { '/srv/a': {} } });
  });
  afterAll(() => lab.close());

  function suite(quiescer: Quiescer, isHeld: () => Promise<boolean>): void {
    quiescerSuite(
      async () => {
        const shell: Shell = await guest.shell(within(5000));
        return {
          quiescer,
          guest: guestOver(shell, guest),
          isHeld,
          loseLine: () => void shell.close(),
          async close() {
            await shell.close();
            await leftClean(guest);
          },
        };
      },
      { line: true },
    );
  }

  eachHolder(
    (name) => `fsfreeze with ${name}`,
    (interpreter, prepare) => {
      beforeAll(() => prepare(guest));
      suite(
        fsfreeze(fsfreezeSettings.parse({ interpreter }), { clock: systemClock }),
        async () => (await diskAt(guest, '/srv/a').write(300)) === 'blocked',
      );
    },
  );

  describe('script', () => {
    const mark = '/run/a mark, held';
    suite(
      script(
        scriptSettings.parse({
          hold: ['touch', mark],
          check: ['test', '-e', mark],
          release: ['rm', '-f', mark],
          gives: 'application',
        }),
        { clock: systemClock },
      ),
      async () => existsSync(`/proc/${guest.pid}/root${mark}`),
    );
  });
});
