import { expect, test } from 'vitest';
import { notReached, plain } from '../../../src/transport/ssh/faults.ts';

const hop = { label: 'mail01', host: 'mail01.corp.example', port: 22 };

test.each([
  ['ENOTFOUND', 'ssh.no-such-host', 'mail01: the name mail01.corp.example has no address'],
  [
    'EAI_AGAIN',
    'ssh.no-such-host',
    'mail01: the name mail01.corp.example has no address, because the name server does not answer',
  ],
  ['ECONNREFUSED', 'ssh.refused', 'mail01: nothing listens at mail01.corp.example'],
  ['EHOSTUNREACH', 'ssh.unreachable', 'mail01: no connection to mail01.corp.example (EHOSTUNREACH)'],
  ['ETIMEDOUT', 'ssh.unreachable', 'mail01: no connection to mail01.corp.example (ETIMEDOUT)'],
])('%s is %s', (code, ours, message) => {
  expect(notReached(hop, Object.assign(new Error('connect'), { code }))).toMatchObject({ code: ours, message });
});

test('what nobody foresaw is told as it is', () => {
  expect(notReached(hop, new Error('the moon')).message).toBe(
    'mail01: no connection to mail01.corp.example (the moon)',
  );
});

test("ssh2's own words before the host's are left out", () => {
  expect(plain('(SSH) Channel open failure: open failed')).toBe('open failed');
  expect(plain('Unable to exec')).toBe('Unable to exec');
});
