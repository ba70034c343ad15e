import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fingerprint, judge, keyType, linesAbout, parseKnownHosts } from '../../../src/transport/ssh/known-hosts.ts';

const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAINxyXQdTUNMsx3RTcmFGOQyFD6NbXRHn6RmxEE8wyW8x';
const OTHER = 'AAAAC3NzaC1lZDI1NTE5AAAAIEhQ5NTk+PAbU1ML/zKyvPZzu8LdDNoUpEaIIb5NFWRJ';
const key = Buffer.from(KEY, 'base64');

function at(text: string, host: string, port = 22): readonly string[] {
  return linesAbout(parseKnownHosts(text, 'f'), host, port).map((line) => line.at);
}

describe('a known_hosts file', () => {
  test('is read past comments, blank lines, comments of keys, and what cannot be read', () => {
    const text = [
      '# comment',
      '',
      '  a ssh-ed25519 KEY root@a  ',
      'a ssh-rsa KEY',
      'a ssh-ed25519 not-base64-of-a-key',
      'a 1024 35 1234567890',
      '@unknown a ssh-ed25519 KEY',
      '\ta\tssh-ed25519\tKEY',
    ].join('\n');
    expect(at(text.replaceAll('KEY', KEY), 'a')).toEqual(['f:3', 'f:8']);
  });

  test('speaks of a host on another port by [host]:port, else by the host', () => {
    const text = `a ssh-ed25519 ${KEY}\n[a]:2222 ssh-ed25519 ${OTHER}\n[A]:2222 ssh-ed25519 ${KEY}\n`;
    expect(at(text, 'a')).toEqual(['f:1']);
    expect(at(text, 'a', 2222)).toEqual(['f:2', 'f:3']);
    expect(at(text, 'A', 2022)).toEqual(['f:1']);
  });

  test('revokes for every port', () => {
    const text = `[a]:2222 ssh-ed25519 ${KEY}\n@revoked a ssh-ed25519 ${KEY}\n`;
    expect(judge(linesAbout(parseKnownHosts(text, 'f'), 'a', 2222), key)).toMatchObject({ kind: 'revoked' });
  });

  test('does not take a pattern for an expression', () => {
    expect(at(`a.b+(c ssh-ed25519 ${KEY}`, 'axb+(c')).toEqual([]);
    expect(at(`a.b+(c ssh-ed25519 ${KEY}`, 'a.b+(c')).toEqual(['f:1']);
  });
});

describe('a pattern of a known_hosts file', () => {
  const covers = (pattern: string, host: string): boolean => at(`${pattern} ssh-ed25519 ${KEY}`, host).length === 1;

  test('matches what the same expression would', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), minLength: 1, maxLength: 8 });
    const host = fc.string({ unit: fc.constantFrom('a', 'b', '.'), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pattern, host, (written, name) => {
        const source = written.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        expect([written, name, covers(written, name)]).toEqual([written, name, new RegExp(`^${source}$`).test(name)]);
      }),
      { numRuns: 2000 },
    );
  });

  test('of many stars takes no time that multiplies with each', () => {
    expect(covers(`${'*a'.repeat(40)}*b`, 'a'.repeat(250))).toBe(false);
  });
});

test.each([
  ['', 'unknown'],
  [`b ssh-ed25519 ${KEY}`, 'unknown'],
  [`a ssh-ed25519 ${KEY}`, 'known'],
  [`a ssh-ed25519 ${OTHER}`, 'changed'],
  [`a ssh-ed25519 ${OTHER}\na ssh-ed25519 ${KEY}`, 'known'],
  [`@cert-authority a ssh-ed25519 ${OTHER}`, 'authority'],
  [`@cert-authority a ssh-ed25519 ${KEY}`, 'authority'],
  [`@cert-authority a ssh-ed25519 ${OTHER}\na ssh-ed25519 ${KEY}`, 'known'],
  [`a ssh-ed25519 ${KEY}\n@revoked a ssh-ed25519 ${KEY}`, 'revoked'],
  [`@revoked a ssh-ed25519 ${OTHER}`, 'unknown'],
])('%j makes the key %s', (text, kind) => {
  expect(judge(linesAbout(parseKnownHosts(text, 'f'), 'a', 22), key).kind).toBe(kind);
});

test('a key is named as ssh-keygen names it', () => {
  expect(keyType(key)).toBe('ssh-ed25519');
  expect(fingerprint(key)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  expect(keyType(Buffer.from([0, 0, 1, 0, 65]))).toBe('');
  expect(keyType(Buffer.alloc(2))).toBe('');
});
