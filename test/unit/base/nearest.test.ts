import { describe, expect, it } from 'vitest';
import { nearest } from '../../../src/base/nearest.ts';

describe('the nearest word', () => {
  const known = ['host', 'port', 'user', 'key', 'knownHosts', 'passphrase'];

  it.each([
    ['hots', 'host'],
    ['prt', 'port'],
    ['usre', 'user'],
    ['known_hosts', 'knownHosts'],
    ['KnownHost', 'knownHosts'],
    ['pasphrase', 'passphrase'],
    ['keys', 'key'],
  ])('of %s is %s', (word, meant) => {
    expect(nearest(word, known)).toBe(meant);
  });

  it.each(['colour', 'x', '', 'pass', 'a'.repeat(10_000)])('of %s is none, rather than a guess', (word) => {
    expect(nearest(word, known)).toBeUndefined();
  });

  it('prefers the word with the least to change', () => {
    expect(nearest('mail01', ['mail11', 'mail01x', 'mail1'])).toBe('mail11');
    expect(nearest('tier1', ['tier-2', 'tier-1'])).toBe('tier-1');
  });
});
