import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { type Deadline, deadline } from '../../src/base/deadline.ts';
import type { Shell } from '../../src/ports.ts';
import { argvOf, type Program, programText } from '../../src/quiesce/holder/programs.ts';
import { type Session, session } from '../../src/quiesce/holder/session.ts';
import type { Report } from '../../src/quiesce/holder/words.ts';
import { localShell } from '../../src/transport/local.ts';
import { findProgram } from '../../src/transport/programs.ts';
import { standInRoot } from '../contract/stand-in.ts';
import { needs, pathOfShell, SHELLS } from '../needs.ts';
import { patient } from '../patience.ts';

/** What the holder calls, but flock. */
const WITHOUT_FLOCK =
  'cat chmod cut date dd fold grep id ls mkdir mkfifo mktemp mv od printf readlink rm rmdir sed sleep sort tr'.split(
    ' ',
  );

const within = (ms: number): Deadline => deadline(systemClock, patient(ms), 'the test');

/** What the account of a holder may say to it, whoever wrote the other end. */
for (const name of SHELLS) {
  needs(name)(`hostile words to the sh holder and keeper in ${name}`, () => {
    let root: string;
    let shell: Shell;
    beforeEach(() => {
      root = standInRoot(pathOfShell(name));
      shell = localShell({
        env: { ...process.env, STILLPOINT_ROOT: root, PATH: `${root}/bin:${process.env.PATH}` },
        variables: ['STILLPOINT_ROOT'],
      });
    });
    afterEach(async () => {
      await shell.close();
      rmSync(root, { recursive: true });
    });

    const ran = (): boolean => existsSync(join(root, 'ran'));
    /** A number that bash's arithmetic would run as a command. */
    const hostile = (): string => `a[$(id>${join(root, 'ran')})]`;
    async function start(program: Program, ...environment: readonly string[]): Promise<Session> {
      const argv = argvOf(program, join(root, 'bin/sh'));
      const dialogue = await shell.start(
        environment.length === 0 ? argv : ['env', '-i', ...environment, ...argv],
        within(5000),
      );
      dialogue.write(programText(program));
      return session(dialogue, 'the stand-in');
    }
    function open(holder: Session, words: readonly string[]): Promise<readonly Report[]> {
      const owned = ['owner=a\\040test', 'mounts=/srv/mail', 'hold=true', 'release=true', ...words];
      return holder.ask(['open', ...owned], ({ kind }) => kind === 'ready', within(8000));
    }

    for (const program of ['sh', 'keeper'] as const) {
      const release = program === 'keeper' ? ['release-limit=100'] : [];

      test(`a lease is a number before the ${program} does anything with it`, async () => {
        for (const lease of [hostile(), '1e3', '-1', '0x10', '', '99999999', '5001']) {
          const holder = await start(program);
          await open(holder, ['max-lease=5000', ...release]);
          await holder.ask(['ping', '1'], ({ kind }) => kind === 'pong', within(5000));
          const reports = await holder.ask(
            ['freeze', `lease=${lease}`],
            ({ kind }) => kind === 'refused',
            within(5000),
          );
          expect(reports.at(-1)).toEqual({ kind: 'refused', why: 'lease' });
          holder.end();
          await holder.ended;
        }
        expect(ran()).toBe(false);
      });

      test(`the longest lease of the ${program} is a number, and no more than two minutes`, async () => {
        for (const lease of [hostile(), '1e3', '-1', '', 'nan', 'inf', '99999999']) {
          const opened = open(await start(program), [`max-lease=${lease}`, ...release]);
          await expect(opened).rejects.toMatchObject({ code: 'quiesce.no-number' });
        }
        await expect(open(await start(program), ['max-lease=120001', ...release])).rejects.toMatchObject({
          code: 'quiesce.lease',
          message: expect.stringContaining('120000 ms'),
        });
        const holder = await start(program);
        expect((await open(holder, ['max-lease=0120000', ...release])).at(-1)).toEqual({ kind: 'ready' });
        expect(ran()).toBe(false);
      });
    }

    test('a line without a word ends a hold, and thaws', async () => {
      const holder = await start('sh');
      await open(holder, ['max-lease=5000']);
      await holder.ask(['ping', '1'], ({ kind }) => kind === 'pong', within(5000));
      await holder.ask(['freeze', 'lease=5000'], ({ kind }) => kind === 'all-frozen', within(5000));
      expect(existsSync(join(root, 'frozen-srv-mail'))).toBe(true);
      const reports = await holder.ask([''], ({ kind }) => kind === 'thawed', within(5000));
      expect(reports.at(-1)).toEqual({ kind: 'thawed', by: 'unknown-word' });
      await holder.ended;
      expect(existsSync(join(root, 'frozen-srv-mail'))).toBe(false);
    });

    test('no program on the path of the caller is run by the sh holder', async () => {
      const planted = join(root, 'planted');
      mkdirSync(planted);
      for (const program of ['dd', 'od', 'tr', 'fold', 'readlink']) {
        const text = `#!/bin/sh\n: > ${join(root, 'ran')}\nPATH=/usr/bin:/bin exec ${program} "$@"\n`;
        writeFileSync(join(planted, program), text, { mode: 0o755 });
      }
      const careless = localShell({ env: { PATH: `${planted}:/usr/bin:/bin` } });
      const dialogue = await careless.start(argvOf('sh', join(root, 'bin/sh')), within(5000));
      dialogue.write(programText('sh'));
      const facts = await session(dialogue, 'here').ask(['look'], ({ kind }) => kind === 'end', within(20_000));
      expect(facts.length).toBeGreaterThan(2);
      await careless.close();
      expect(ran()).toBe(false);
    });

    test('where there is no flock, a guest is kept for its run until the last of its stages has ended', async () => {
      const tools = join(root, 'tools');
      mkdirSync(tools);
      for (const name of WITHOUT_FLOCK) symlinkSync(findProgram(name) ?? name, join(tools, name));
      const owned = async (owner: string): Promise<Session> => {
        const holder = await start('sh', `STILLPOINT_ROOT=${root}`, `PATH=${root}/bin:${tools}`);
        await open(holder, ['max-lease=5000', `owner=${owner}`]);
        return holder;
      };
      const [first, second] = [await owned('one'), await owned('one')];
      first.end();
      await first.ended;
      await expect(owned('other')).rejects.toMatchObject({ code: 'locked', message: expect.stringContaining('one') });
      second.end();
      await second.ended;
      const third = await owned('other');
      third.end();
      await third.ended;
      expect(readdirSync(join(root, 'run'))).toEqual([]);
    });

    test('the time for a release is a number before the keeper does anything with it', async () => {
      const opened = open(await start('keeper'), ['max-lease=5000', `release-limit=${hostile()}`]);
      await expect(opened).rejects.toMatchObject({ code: 'quiesce.no-number' });
      expect(ran()).toBe(false);
    });
  });
}
