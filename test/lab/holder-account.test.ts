import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Shell } from '../../src/ports.ts';
import { holderPrint, INSTALLED_PATH } from '../../src/quiesce/holder/print.ts';
import { needs } from '../needs.ts';
import type { LabGuest } from './kit/guest.ts';
import { eachHolder } from './kit/holders.ts';
import { leftClean, openChannel, within } from './kit/holding.ts';
import { type Lab, openLab } from './kit/lab.ts';
import { GUEST } from './kit/needs.ts';

const SYSTEM = '/usr/sbin:/usr/bin:/sbin:/bin';
/** What any form calls, or might. */
const CALLED = [
  'systemctl',
  'systemd-run',
  'fsfreeze',
  'flock',
  'id',
  'od',
  'mktemp',
  'mkfifo',
  'sync',
  'sh',
  'dd',
  'cat',
];

/** An account that was given the installed holder and nothing else tries to become root by it. */
needs(
  ...GUEST,
  'perl',
  'sudo',
)('the account of an installed holder', () => {
  let lab: Lab;
  let guest: LabGuest;
  let shell: Shell;
  beforeAll(async () => {
    lab = openLab();
    const done = '#!/bin/sh\ntrue\n';
    const programs = { 'bin/systemctl': done, 'bin/systemd-run': done };
    guest = await lab.guest('g', { mounts: { '/srv/a': {} }, programs });
    mkdirSync(inGuest('/run/systemd/system'), { recursive: true });
    guest.run('sh', '-c', 'mount -t tmpfs tmpfs /usr/local && mkdir /usr/local/sbin && mkdir -m 777 /tmp/plant');
  });
  beforeEach(() => {
    guest.run('rm', '-f', '/tmp/ran');
  });
  afterEach(async () => {
    await shell.close();
    await leftClean(guest);
  });
  afterAll(() => lab.close());

  const inGuest = (path: string): string => `/proc/${guest.pid}/root${path}`;
  const ran = (): boolean => existsSync(inGuest('/tmp/ran'));
  function plant(name: string, text: string): void {
    writeFileSync(inGuest(`/tmp/plant/${name}`), text);
    chmodSync(inGuest(`/tmp/plant/${name}`), 0o755);
  }
  /** The shell of a user who sets this before all that is called. */
  async function login(user: string, ...settings: readonly string[]): Promise<Shell> {
    const plain = await guest.shell(within(5000), { user });
    shell = {
      ...plain,
      run: (argv, options) => plain.run(['env', ...settings, ...argv], options),
      start: (argv, limit) => plain.start(['env', ...settings, ...argv], limit),
    };
    return shell;
  }
  async function holds(through: Shell): Promise<void> {
    const channel = await openChannel(through, guest, { holder: 'installed' });
    await channel.flush(within(5000));
    await channel.recheck(within(5000));
    await channel.hold(4000, within(5000));
    expect(await channel.release('taken', within(5000))).toEqual({ kind: 'kept' });
    await channel.close();
  }

  test('gets nothing of its environment past the printed lines of sudoers', async () => {
    const { sudoers } = holderPrint({ form: 'sh', user: 'ops', way: 'sudo', mounts: ['/srv/a'] });
    const careless = 'Defaults !secure_path, !env_reset, setenv, env_keep += "PLANTED"\n';
    writeFileSync(inGuest('/etc/sudoers.d/stillpoint'), `${careless}${sudoers?.text}`, { mode: 0o440 });
    writeFileSync(inGuest(INSTALLED_PATH), '#!/bin/sh\nexec env\n', { mode: 0o755 });
    await login('ops', 'PATH=/tmp/plant:/usr/bin', 'OTHER=1');
    const { stdout } = await shell.run(['sudo', '-n', INSTALLED_PATH], { deadline: within(5000) });
    expect(stdout).toContain(`PATH=${SYSTEM}\n`);
    expect(stdout).not.toContain('OTHER');
    const set = await shell.run(['sudo', '-n', 'ENV=/tmp/plant/rc', INSTALLED_PATH], { deadline: within(5000) });
    expect(set).toMatchObject({ exit: 1, stdout: '' });
  });

  eachHolder(
    (name) => `tries it on ${name}`,
    (form, prepare) => {
      beforeAll(() => {
        prepare(guest);
        const { program, allowList } = holderPrint({ form, user: 'ops', way: 'sudo', mounts: ['/srv/a'] });
        for (const { path, text, mode } of [program, allowList]) {
          mkdirSync(inGuest(path.slice(0, path.lastIndexOf('/'))), { recursive: true });
          writeFileSync(inGuest(path), text);
          chmodSync(inGuest(path), Number.parseInt(mode, 8));
        }
      });

      test('with programs on its own path, where sudo leaves that as it is', async () => {
        const careless = [
          'Defaults !secure_path, !env_reset, !use_pty',
          `ops ALL=(root) NOPASSWD: ${INSTALLED_PATH} ""`,
          '',
        ];
        writeFileSync(inGuest('/etc/sudoers.d/stillpoint'), careless.join('\n'), { mode: 0o440 });
        for (const name of CALLED)
          plant(name, `#!/bin/bash\n[ "$UID" != 0 ] || : > /tmp/ran\nPATH=${SYSTEM} exec ${name} "$@"\n`);
        await holds(await login('ops', `PATH=/tmp/plant:${SYSTEM}`));
        expect(ran()).toBe(false);
      });

      test('with modules and settings of its own, where the environment reaches it', async () => {
        const module = 'import os\nopen("/tmp/ran", "w")\n';
        for (const name of ['glob', 'fcntl', 'subprocess', 'sitecustomize']) plant(`${name}.py`, module);
        for (const name of ['POSIX', 'Fcntl', 'Planted']) plant(`${name}.pm`, 'open(my $f, ">", "/tmp/ran"); 1;\n');
        plant('rc', ': > /tmp/ran\n');
        await holds(
          await login(
            'root',
            'PYTHONPATH=/tmp/plant',
            'PERL5LIB=/tmp/plant',
            'PERL5OPT=-MPlanted',
            'ENV=/tmp/plant/rc',
            'BASH_ENV=/tmp/plant/rc',
            'BASH_FUNC_id%%=() { : > /tmp/ran; }',
            'BASH_FUNC_printf%%=() { : > /tmp/ran; }',
            'STILLPOINT_ROOT=/tmp/plant',
          ),
        );
        expect(ran()).toBe(false);
      });
    },
  );
});
