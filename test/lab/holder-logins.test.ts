import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Shell } from '../../src/ports.ts';
import {
  ALLOW_LIST_PATH,
  type HolderPrint,
  holderPrint,
  INSTALLED_PATH,
  type PrintedFile,
} from '../../src/quiesce/holder/print.ts';
import { unwritable } from '../../src/quiesce/probe/writes.ts';
import { needs } from '../needs.ts';
import type { LabGuest } from './kit/guest.ts';
import { eachHolder } from './kit/holders.ts';
import { diskAt, leftClean, openChannel, standsStill, within } from './kit/holding.ts';
import { type Lab, openLab } from './kit/lab.ts';
import { GUEST } from './kit/needs.ts';

needs(
  ...GUEST,
  'perl',
  'sudo',
)('a login that is not root', () => {
  let lab: Lab;
  let guest: LabGuest;
  let shells: Shell[] = [];

  beforeAll(async () => {
    lab = openLab();
    guest = await lab.guest('g', { mounts: { '/srv/a': {}, '/srv/b': {} } });
    guest.run('sh', '-c', 'mount -t tmpfs tmpfs /usr/local && mkdir /usr/local/sbin');
  });
  afterEach(async () => {
    for (const shell of shells) await shell.close();
    shells = [];
    await leftClean(guest);
    sudoers('');
  });
  afterAll(() => lab.close());

  const inGuest = (path: string): string => `/proc/${guest.pid}/root${path}`;
  function sudoers(text: string): void {
    writeFileSync(inGuest('/etc/sudoers.d/stillpoint'), text, { mode: 0o440 });
  }
  async function login(user: string): Promise<Shell> {
    const shell = await guest.shell(within(5000), { user });
    shells.push(shell);
    return shell;
  }
  async function holdsAndLetsGo(shell: Shell, settings: Parameters<typeof openChannel>[2]): Promise<void> {
    const channel = await openChannel(shell, guest, settings);
    await channel.recheck(within(5000));
    await channel.hold(4000, within(5000));
    await standsStill(diskAt(guest, '/srv/a'));
    expect(await channel.release('taken', within(5000))).toEqual({ kind: 'kept' });
    await channel.close();
  }

  eachHolder(
    (name) => `with ${name}`,
    (interpreter, prepare) => {
      beforeAll(() => prepare(guest));

      test('holds by sudo, sent over the line', async () => {
        sudoers('ops ALL=(root) NOPASSWD: ALL\n');
        await holdsAndLetsGo(await login('ops'), { interpreter });
      });

      test('is refused where sudo logs what passes', async () => {
        sudoers('Defaults log_input, log_output\nops ALL=(root) NOPASSWD: ALL\n');
        await expect(openChannel(await login('ops'), guest, { interpreter })).rejects.toMatchObject({
          code: 'quiesce.sudo-relays',
        });
      });
    },
  );

  test('is told what sudo wants when it may not', async () => {
    await expect(openChannel(await login('ops'), guest, {})).rejects.toThrow(/sudo/);
  });

  eachHolder(
    (name) => `with ${name} that the site installed`,
    (form, prepare) => {
      beforeAll(() => prepare(guest));
      function install(print: HolderPrint): void {
        mkdirSync(inGuest('/tmp/print'), { recursive: true });
        const files = [print.program, print.allowList, ...(print.sudoers === undefined ? [] : [print.sudoers])];
        for (const { path, text } of files) writeFileSync(inGuest(`/tmp/print/${path.split('/').at(-1)}`), text);
        guest.run('sh', '-c', `set -e; cd /tmp/print; ${print.commands.join(' && ')}`);
      }
      const order = { form, mounts: ['/srv/a'] } as const;

      test('holds what the site allows, over sudo, and nothing else', async () => {
        install(holderPrint({ ...order, user: 'ops', way: 'sudo' }));
        const shell = await login('ops');
        await holdsAndLetsGo(shell, { holder: 'installed' });
        await expect(openChannel(shell, guest, { holder: 'installed', mounts: ['/srv/b'] })).rejects.toMatchObject({
          code: 'quiesce.not-allowed',
        });
        const other = await shell.run(['sudo', '-n', 'id'], { deadline: within(5000) });
        expect(other.exit).not.toBe(0);
        const argument = await shell.run(['sudo', '-n', INSTALLED_PATH, 'x'], { deadline: within(5000) });
        expect(argument.exit).not.toBe(0);
      });

      test('is not installed where one of its files is another one', () => {
        guest.run('rm', '-f', INSTALLED_PATH, ALLOW_LIST_PATH);
        const print = holderPrint({ ...order, user: 'ops', way: 'sudo' });
        const other = (file: PrintedFile): PrintedFile => ({ ...file, text: `${file.text}# mine\n` });
        expect(() => install({ ...print, program: other(print.program) })).toThrow('did NOT match');
        expect(() => install({ ...print, allowList: other(print.allowList) })).toThrow('did NOT match');
        expect(guest.run('sh', '-c', 'ls /usr/local/sbin /etc/stillpoint; true')).not.toMatch(
          /^(stillpoint-holder|mounts)$/m,
        );
      });

      test('obeys the list itself, whoever asks', async () => {
        install(holderPrint({ ...order, user: 'ops', way: 'sudo' }));
        const shell = await login('ops');
        const words = '0123456789abcdef open owner=x max-lease=1000 mounts=/srv/b\n';
        const { stdout } = await shell.run(['sudo', '-n', INSTALLED_PATH], { stdin: words, deadline: within(5000) });
        expect(stdout).toContain('ERROR not-allowed /srv/b');
      });

      test('holds for no longer than the list allows', async () => {
        const print = holderPrint({ ...order, user: 'ops', way: 'sudo' });
        install(print);
        const shell = await login('ops');
        const list = (lease: string): void =>
          writeFileSync(inGuest(ALLOW_LIST_PATH), print.allowList.text.replace('max-lease=120s', `max-lease=${lease}`));
        list('8s');
        await expect(openChannel(shell, guest, { holder: 'installed' })).rejects.toMatchObject({
          code: 'quiesce.lease',
          message: expect.stringContaining('8000 ms'),
        });
        list('08s');
        await expect(openChannel(shell, guest, { holder: 'installed' })).rejects.toThrow('8000 ms');
        list('1m');
        await expect(openChannel(shell, guest, { holder: 'installed' })).rejects.toThrow('max-lease=1m');
        list('10s');
        await holdsAndLetsGo(shell, { holder: 'installed' });
      });

      test('is not obeyed when its text is another one', async () => {
        install(holderPrint({ ...order, user: 'ops', way: 'sudo' }));
        writeFileSync(inGuest(INSTALLED_PATH), `${readFileSync(inGuest(INSTALLED_PATH), 'utf8')}# mine\n`);
        await expect(openChannel(await login('ops'), guest, { holder: 'installed' })).rejects.toMatchObject({
          code: 'quiesce.unknown-holder',
        });
      });

      for (const user of ['ops', 'root']) {
        test(`holds through a key of ${user} that can do nothing else`, async () => {
          const key = readFileSync(`${guest.ssh.key}.pub`, 'utf8').trim();
          const print = holderPrint({ ...order, user, way: 'forced-command', publicKey: key });
          install(print);
          const keys = inGuest(`${user === 'root' ? '/root' : '/home/ops'}/.ssh/authorized_keys`);
          const before = readFileSync(keys, 'utf8');
          writeFileSync(keys, `${print.authorizedKey}\n`);
          try {
            const shell = await login(user);
            await holdsAndLetsGo(shell, { holder: 'installed' });
            const other = await shell.run(['id'], { deadline: within(5000) });
            expect(other.stdout).not.toContain('uid=');
            // What it answers is no answer: whether it writes is not known.
            await expect(unwritable(shell, within(10_000))).rejects.toMatchObject({ code: 'guest.not-asked' });
          } finally {
            writeFileSync(keys, before);
          }
        });
      }
    },
  );
});
