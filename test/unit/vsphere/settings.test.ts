import { describe, expect, test } from 'vitest';
import { Fault } from '../../../src/base/fault.ts';
import { Secret } from '../../../src/base/secret.ts';
import { type ConnectionSettings, connectionOf } from '../../../src/vsphere/settings.ts';

const full: ConnectionSettings = { url: 'https://vc.test/sdk', username: 'reader', password: new Secret('word') };

function refusal(settings: ConnectionSettings, environment: Record<string, string> = {}): Fault {
  try {
    connectionOf(settings, environment);
  } catch (error) {
    if (error instanceof Fault) return error;
  }
  throw new Error('no Fault');
}

describe('whom to connect to', () => {
  test.each([
    ['https://vc.test', 'https://vc.test/sdk'],
    ['https://vc.test/', 'https://vc.test/sdk'],
    ['vc.test', 'https://vc.test/sdk'],
    ['https://vc.test:8443/sdk/', 'https://vc.test:8443/sdk'],
    ['https://vc.test/proxy/sdk?a=b#c', 'https://vc.test/proxy/sdk'],
    ['https://[fd00::1]/sdk', 'https://[fd00::1]/sdk'],
  ])('%s is %s', (url, href) => {
    expect(connectionOf({ ...full, url }, {}).url.href).toBe(href);
  });

  test('everything may come from govc’s variables', () => {
    const environment = { GOVC_URL: 'u%40sso:p%23w@vc.test', GOVC_INSECURE: '1' };
    const connection = connectionOf({}, environment);
    expect(connection.url.href).toBe('https://vc.test/sdk');
    expect(connection.username).toBe('u@sso');
    expect(connection.password.reveal()).toBe('p#w');
    expect(connection.trust).toEqual({ insecure: true });
  });

  test('what is written in the topology wins, one by one', () => {
    const environment = { GOVC_URL: 'other.test', GOVC_USERNAME: 'other', GOVC_PASSWORD: 'env', GOVC_INSECURE: 'true' };
    const fingerprint = 'ab'.repeat(32);
    const connection = connectionOf({ url: 'vc.test', username: 'reader', tls: { fingerprint } }, environment);
    expect(connection.url.host).toBe('vc.test');
    expect(connection.username).toBe('reader');
    expect(connection.password.reveal()).toBe('env');
    expect(connection.trust).toEqual({ fingerprint });
  });

  test('GOVC_INSECURE says nothing of an address that the topology or a flag names', () => {
    expect(connectionOf(full, { GOVC_INSECURE: '1', GOVC_URL: 'lab.test' }).trust).toBeUndefined();
    expect(connectionOf({ ...full, written: 'flags' }, { GOVC_INSECURE: '1' }).trust).toBeUndefined();
  });

  test('without a word on trust, the system’s authorities count', () => {
    expect(connectionOf(full, { GOVC_INSECURE: 'false' }).trust).toBeUndefined();
  });

  test.each([
    ['no URL', { ...full, url: '' }, 'vsphere.no-url'],
    ['http', { ...full, url: 'http://vc.test/sdk' }, 'vsphere.bad-url'],
    ['another scheme', { ...full, url: 'ssh://vc.test' }, 'vsphere.bad-url'],
    ['no address at all', { ...full, url: 'https://:bad:' }, 'vsphere.bad-url'],
    ['no user', { url: 'vc.test', password: new Secret('x') }, 'vsphere.no-username'],
    ['no password', { url: 'vc.test', username: 'reader' }, 'vsphere.no-password'],
  ])('%s is a Fault of its own', (_, settings, code) => {
    expect(refusal(settings).code).toBe(code);
  });

  test('a password in the URL of the topology is refused and not repeated', () => {
    const fault = refusal({ ...full, url: 'https://reader:hunter2@vc.test/sdk' });
    expect(fault.code).toBe('vsphere.bad-url');
    expect(`${fault.message} ${fault.hint}`).not.toContain('hunter2');
    expect(`${refusal({ url: 'http://u:hunter2@vc' }).message}`).not.toContain('hunter2');
  });
});
