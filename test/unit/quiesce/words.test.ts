import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ALLOW_LIST_PATH, formOf, holderPrint } from '../../../src/quiesce/holder/print.ts';
import { FORMS, programText } from '../../../src/quiesce/holder/programs.ts';
import { escapeWord, reportIn, unescapeWord } from '../../../src/quiesce/holder/words.ts';

test('any path comes back from the wire as it was, and is one word on it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (path) => {
      const word = escapeWord(path);
      expect(word).not.toMatch(/[\s,=]/);
      expect(unescapeWord(word)).toBe(path);
    }),
  );
});

test('a path is read as the kernel writes it, with its bytes above ASCII as they are', () => {
  expect(unescapeWord('/srv/b\\303\\244r\\040x')).toBe('/srv/bär x');
  expect(unescapeWord('/srv/bär\\134x')).toBe('/srv/bär\\x');
});

test('lines of another session, and lines of a login, are not heard', () => {
  expect(reportIn('1234abcd ALL-FROZEN 1', '1234abcd')).toEqual({ kind: 'all-frozen' });
  expect(reportIn('ffff0000 ALL-FROZEN 1', '1234abcd')).toBeUndefined();
  expect(reportIn('Welcome to mail01', '1234abcd')).toBeUndefined();
  expect(reportIn('1234abcd', '1234abcd')).toBeUndefined();
});

test('what was written meanwhile is told by disk; what is not told so is not believed', () => {
  const written = (words: string): unknown => {
    const report = reportIn(`1234abcd THAWED by=word 77${words}`, '1234abcd');
    return report?.kind === 'thawed' ? report.written : 'no report';
  };
  expect(written(' written=-')).toEqual([]);
  expect(written(' written=sdb:8,cciss!c0d0:flying,sdc:unread')).toEqual([
    { disk: 'sdb', what: 8 },
    { disk: 'cciss!c0d0', what: 'flying' },
    { disk: 'sdc', what: 'unread' },
  ]);
  for (const words of ['', ' written=', ' written=sdb', ' written=sdb:-8', ' written=sdb:8,', ' written=unread'])
    expect(written(words), words).toBeUndefined();
});

test('no look opens a device exclusively: for that instant, somebody’s mount of it would fail', () => {
  for (const form of FORMS) expect(programText(form)).not.toContain('O_EXCL');
});

test('what is printed for a site is known again, whatever interpreter it names, and nothing else is', () => {
  for (const form of FORMS) {
    const { program } = holderPrint({ form, interpreter: '/opt/bin/it', user: 'ops', way: 'sudo', mounts: ['/srv'] });
    expect(program.text).toContain(`'${ALLOW_LIST_PATH}'`);
    expect(formOf(program.text)).toBe(form);
    expect(formOf(program.text.replace('/etc/stillpoint/mounts', '/tmp/mounts'))).toBeUndefined();
    expect(formOf(`${program.text}\n`)).toBeUndefined();
  }
});

test('the printed papers give one login one program without arguments, and a key one command', () => {
  const sudo = holderPrint({ form: 'perl', user: 'ops', way: 'sudo', mounts: ['/srv/a b'] });
  expect(sudo.sudoers?.text).toContain('ops ALL=(root) NOPASSWD: /usr/local/sbin/stillpoint-holder ""');
  expect(sudo.allowList.text).toContain('\n/srv/a\\040b\n');
  expect(sudo.authorizedKey).toBeUndefined();
  const key = holderPrint({
    form: 'sh',
    user: 'root',
    way: 'forced-command',
    mounts: [],
    publicKey: 'ssh-ed25519 AAAA x',
  });
  expect(key.sudoers).toBeUndefined();
  expect(key.authorizedKey).toBe('command="/usr/local/sbin/stillpoint-holder",restrict ssh-ed25519 AAAA x');
});
