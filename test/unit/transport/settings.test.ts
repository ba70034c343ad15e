import { describe, expect, test } from 'vitest';
import { keepAliveMs, sshSettings } from '../../../src/transport/ssh/settings.ts';

describe('ssh in the topology', () => {
  test('needs a host only', () => {
    expect(sshSettings.parse({ host: 'mail01.corp.example' })).toEqual({ host: 'mail01.corp.example' });
    expect(sshSettings.partial().safeParse({ user: 'stillpoint' }).success).toBe(true);
  });

  test.each([
    { host: '-oProxyCommand=reboot' },
    { host: 'user@host' },
    { host: 'a b' },
    { host: '' },
    { host: 'a', user: '-l' },
    { host: 'a', port: 0 },
    { host: 'a', hostKey: 'MD5:00:11' },
    { host: 'a', password: 'in clear text' },
    { host: 'a', keepAlive: '2' },
    { host: 'a', keepAlive: '0s' },
    { host: 'a', knownHost: 'typo' },
  ])('%j is refused', (written) => {
    expect(sshSettings.safeParse(written).success).toBe(false);
  });

  test.each([
    { host: '::1', port: 2222, user: 'svc-stillpoint' },
    { host: 'a', password: { env: 'PW' }, passphrase: { command: ['pass', 'show', 'key'] } },
    { host: 'a', agent: false, config: false, knownHosts: ['/a', '/b'], jump: 'root@bastion:2222,b' },
    { host: 'a', hostKey: 'SHA256:uFn6xNm1WFqSbU56Quuk1rjd8OsXJIUHPzqU5AG68I8', sudo: true },
  ])('%j is taken', (written) => {
    expect(sshSettings.parse(written)).toEqual(written);
  });

  test('keep-alives come every two seconds unless told otherwise', () => {
    expect([keepAliveMs(), keepAliveMs('500ms'), keepAliveMs('1.5s')]).toEqual([2000, 500, 1500]);
  });
});
