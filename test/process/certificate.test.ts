import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { selfSigned } from '../../src/demo/vcenter/certificate.ts';
import { needs } from '../needs.ts';

const FROM = new Date('2026-06-15T12:00:00Z');

describe('a certificate that signs itself', () => {
  const made = selfSigned('a small world', FROM);
  const read = new X509Certificate(made.cert);

  test('carries its own signature, key and names', () => {
    expect(read.verify(read.publicKey)).toBe(true);
    expect(read.checkPrivateKey(createPrivateKey(made.key))).toBe(true);
    expect(read.subject).toBe('CN=a small world');
    expect(read.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(read.checkIP('::1')).toBeDefined();
    expect(read.checkHost('localhost')).toBe('localhost');
    expect(read.checkIP('192.0.2.1')).toBeUndefined();
    expect(read.ca).toBe(true);
  });

  test('holds from the day before for a month', () => {
    expect(new Date(read.validFrom).toISOString()).toBe('2026-06-14T12:00:00.000Z');
    expect(new Date(read.validTo).toISOString()).toBe('2026-07-15T12:00:00.000Z');
  });

  test('has the fingerprint that it says', () => {
    const digest = createHash('sha256').update(read.raw).digest('hex');
    expect(made.fingerprint.replace(/^SHA256:|:/g, '').toLowerCase()).toBe(digest);
    expect(made.fingerprint).toBe(`SHA256:${read.fingerprint256}`);
  });

  test('can be made also when years no longer fit two digits', () => {
    const late = new X509Certificate(selfSigned('late', new Date('2050-01-10T00:00:00Z')).cert);
    expect(new Date(late.validFrom).toISOString()).toBe('2050-01-09T00:00:00.000Z');
  });

  test('is valid DER every time, whatever its random number begins with', () => {
    for (let round = 0; round < 40; round += 1) {
      const each = new X509Certificate(selfSigned('again', FROM).cert);
      expect(each.verify(each.publicKey)).toBe(true);
      expect(BigInt(`0x${each.serialNumber}`)).toBeGreaterThan(0n);
    }
  });
});

needs('openssl')('a certificate as OpenSSL reads it', () => {
  test('verifies against itself', () => {
    const { cert } = selfSigned('a small world', new Date());
    const text = execFileSync('openssl', ['x509', '-noout', '-text'], { input: cert, encoding: 'utf8' });
    expect(text).toContain('DNS:localhost, IP Address:127.0.0.1');
    expect(text).toContain('ecdsa-with-SHA256');
    const folder = mkdtempSync(join(tmpdir(), 'stillpoint-cert-'));
    const file = join(folder, 'cert.pem');
    try {
      writeFileSync(file, cert);
      const verdict = execFileSync('openssl', ['verify', '-CAfile', file, file], { encoding: 'utf8' });
      expect(verdict).toBe(`${file}: OK\n`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
