import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { type Deadline, deadline } from '../../src/base/deadline.ts';
import type { GuestChannel } from '../../src/ports.ts';
import { scriptSettings } from '../../src/quiesce/script/config.ts';
import { script } from '../../src/quiesce/script/method.ts';
import { localShell } from '../../src/transport/local.ts';
import { needs, pathOfShell, SHELLS, type ShellName } from '../needs.ts';
import { PATIENCE, patient } from '../patience.ts';

const within = (ms: number): Deadline => deadline(systemClock, patient(ms), 'the test');

for (const shell of SHELLS) needs(shell)(`the keeper of a site’s own commands in ${shell}`, () => keeperSuite(shell));

function keeperSuite(shell: ShellName): void {
  let folder: string;
  let channels: GuestChannel[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sp-keeper-'));
    channels = [];
    mkdirSync(join(folder, 'bin'));
    symlinkSync(pathOfShell(shell), join(folder, 'bin/sh'));
  });
  afterEach(async () => {
    for (const channel of channels) await channel.close();
    await expect.poll(() => keepers(), { timeout: patient(10_000) }).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  const did = (): string => (existsSync(join(folder, 'did')) ? readFileSync(join(folder, 'did'), 'utf8') : '');
  /** A command that writes its own name into a file, and does the rest. */
  function doing(name: string, rest = ''): [string, ...string[]] {
    return ['sh', '-c', `echo ${name} >> "$1/did"; ${rest || ':'}`, 'sh', folder];
  }
  async function open(settings: { hold: string[]; release: string[]; check?: string[] }): Promise<GuestChannel> {
    const method = script(
      scriptSettings.parse({ ...settings, gives: 'application', releaseLimit: `${Math.ceil(PATIENCE)}s` }),
      {
        clock: systemClock,
      },
    );
    const env = { ...process.env, SP_KEEPER: folder, PATH: `${folder}/bin:${process.env.PATH}` };
    const guest = { vm: 'guest', connect: async () => localShell({ env, variables: ['SP_KEEPER'] }), told: new Map() };
    const channel = await method.open(
      guest,
      { owner: 'a test', covers: [], gives: 'filesystem', watches: [], maxLeaseMs: patient(10_000) },
      within(5000),
    );
    channels.push(channel);
    return channel;
  }
  /** Ours among the processes of this machine, by what they were started with. */
  function keepers(name = ''): readonly number[] {
    if (process.platform !== 'linux') return [];
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .filter((pid) => {
        try {
          const ours = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`SP_KEEPER=${folder}`);
          return ours && readFileSync(`/proc/${pid}/comm`, 'utf8').includes(name);
        } catch {
          return false;
        }
      })
      .map(Number);
  }

  test.each(['taken', 'none', 'unknown'] as const)(
    'tells the release command that the snapshots are %s',
    async (cut) => {
      const told = ['sh', '-c', 'echo "$STILLPOINT_SNAPSHOT" > "$1/told"', 'sh', folder];
      const channel = await open({ hold: doing('hold'), release: told });
      await channel.hold(patient(5000), within(5000));
      expect(await channel.release(cut, within(5000))).toEqual({ kind: 'kept' });
      expect(readFileSync(join(folder, 'told'), 'utf8')).toBe(`${cut}\n`);
    },
  );

  test('a release that nobody asked for knows nothing of the snapshots', async () => {
    const told = ['sh', '-c', 'echo "$STILLPOINT_SNAPSHOT" > "$1/told"', 'sh', folder];
    const channel = await open({ hold: doing('hold'), release: told });
    await channel.hold(patient(5000), within(5000));
    await channel.close();
    await expect.poll(() => existsSync(join(folder, 'told')), { timeout: patient(10_000) }).toBe(true);
    expect(readFileSync(join(folder, 'told'), 'utf8')).toBe('unknown\n');
  });

  test('releases also after a hold that failed, and tells what the command said', async () => {
    const channel = await open({ hold: doing('hold', 'echo no room >&2; exit 3'), release: doing('release') });
    await expect(channel.hold(patient(5000), within(5000))).rejects.toMatchObject({
      code: 'quiesce.hold-command',
      message: expect.stringMatching(/exit 3\): no room$/),
    });
    expect((await channel.release('taken', within(5000))).kind).toBe('expired');
    expect(did()).toBe('hold\nrelease\n');
  });

  test('believes a check more than a hold that succeeded', async () => {
    const channel = await open({ hold: doing('hold'), check: ['false'], release: doing('release') });
    await expect(channel.hold(patient(5000), within(5000))).rejects.toThrow('nothing is held');
    expect((await channel.release('taken', within(5000))).kind).toBe('expired');
    expect(did()).toBe('hold\nrelease\n');
  });

  test('asks the check before it lets go: a hold that was lost meanwhile is not kept', async () => {
    const mark = join(folder, 'held');
    const channel = await open({ hold: ['touch', mark], check: ['test', '-e', mark], release: doing('release') });
    await channel.hold(patient(5000), within(5000));
    rmSync(mark);
    expect((await channel.release('taken', within(5000))).kind).toBe('expired');
  });

  test('releases though the check hangs: when all is held, and when it is to be let go', async () => {
    const hangs = `[ -e "$1/hang" ] && exec sleep 1000; :`;
    const check = ['sh', '-c', hangs, 'sh', folder];
    writeFileSync(join(folder, 'hang'), '');
    const first = await open({ hold: doing('hold'), check, release: doing('release') });
    await expect(first.hold(patient(1000), within(8000))).rejects.toMatchObject({ name: 'Fault' });
    expect(did()).toBe('hold\nrelease\n');

    rmSync(join(folder, 'hang'));
    const second = await open({ hold: doing('hold'), check, release: doing('release') });
    await second.hold(patient(5000), within(5000));
    writeFileSync(join(folder, 'hang'), '');
    expect((await second.release('taken', within(5000))).kind).toBe('expired');
    expect(did()).toBe('hold\nrelease\n'.repeat(2));
  });

  test('ends a hold command that outlasts the lease, and releases only after it', async () => {
    const channel = await open({ hold: doing('hold', 'sleep 60'), release: doing('release') });
    await expect(channel.hold(patient(1000), within(8000))).rejects.toMatchObject({ code: 'quiesce.not-held' });
    expect(did()).toBe('hold\nrelease\n');
  });

  test('tries a release again that failed or hung, and says unknown when none succeeded', async () => {
    const hangs = `[ -e "$1/second" ] && exit 0; : > "$1/second"; exec sleep 60`;
    const once = await open({ hold: doing('hold'), release: doing('release', hangs) });
    await once.hold(patient(8000), within(5000));
    expect(await once.release('taken', within(8000))).toEqual({ kind: 'kept' });
    expect(did()).toBe('hold\nrelease\nrelease\n');

    const never = await open({ hold: ['true'], release: doing('release', 'exit 1') });
    await never.hold(patient(8000), within(5000));
    expect((await never.release('taken', within(9000))).kind).toBe('unknown');
  });

  test('gives its commands their words as they were written', async () => {
    const words = ['', 'a b', "it's", 'x,y=z', '*', '\\040', 'ä\nb'];
    const hold = ['sh', '-c', 'for word; do printf "<%s>" "$word"; done > "$0/words"', folder, ...words];
    const channel = await open({ hold, release: ['true'] });
    await channel.hold(patient(5000), within(5000));
    expect(await channel.release('taken', within(5000))).toEqual({ kind: 'kept' });
    expect(readFileSync(join(folder, 'words'), 'utf8')).toBe(words.map((word) => `<${word}>`).join(''));
  });

  needs('linux')('when one of its processes is killed', () => {
    for (const [role, what] of [
      ['P', 'the keeper itself'],
      ['W', 'its watch'],
    ] as const) {
      test(`releases though ${what} is killed`, async () => {
        writeFileSync(join(folder, 'did'), '');
        const channel = await open({ hold: doing('hold'), release: doing('release') });
        await channel.hold(patient(9000), within(5000));
        for (const pid of keepers(`stillpoint-${role}`)) process.kill(pid, 'SIGKILL');
        await expect.poll(did, { timeout: patient(3000) }).toBe('hold\nrelease\n');
        expect((await channel.release('taken', within(1000))).kind).not.toBe('kept');
      });
    }
  });
}
