import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FORMS } from '../../../src/quiesce/holder/programs.ts';
import { program } from '../../fixtures/program.ts';

const sum = (text: string): string => createHash('sha256').update(text).digest('hex');

test.each(FORMS)('the %s holder, cut out of the plain text or of --json, has the sum that is printed', async (form) => {
  const order = ['holder', 'print', '--user', 'stillpoint', '--mounts', '/srv/mail', '--form', form];
  const { stdout } = await program(order);
  const printed = /SHA-256 of the program: (\w{64})/.exec(stdout)?.[1];
  expect(sum(stdout.slice(stdout.search(/^#!/m)))).toBe(printed);
  const { stdout: json } = await program([...order, '--json']);
  expect(JSON.parse(json)).toMatchObject({ program: { sha256: printed } });
  expect(sum(JSON.parse(json).program.text)).toBe(printed);
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-print-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('writes its files into a folder, each with the sum that the printed commands look at first', async () => {
  const folder = join(newFolder(), 'holder');
  const order = ['holder', 'print', '--user', 'stillpoint', '--mounts', '/srv/mail,/srv/a b', '--dir', folder];
  const { exit, stdout } = await program(order);
  expect(exit).toBe(0);
  expect(readdirSync(folder)).toEqual(['mounts', 'stillpoint', 'stillpoint-holder']);
  const commands = stdout.split('\n');
  const check = commands.findIndex((line) => line.endsWith('| sha256sum -c &&'));
  expect(check).toBeGreaterThan(0);
  expect(commands.slice(0, check).join('\n')).not.toContain('install');
  for (const name of readdirSync(folder)) {
    expect(commands[check]).toContain(`'${sum(readFileSync(join(folder, name), 'utf8'))}  ${name}'`);
  }
  expect(readFileSync(join(folder, 'mounts'), 'utf8')).toContain('\n/srv/mail\n/srv/a\\040b\n');
  expect(statSync(join(folder, 'stillpoint')).mode & 0o777).toBe(0o440);

  const again = await program(order);
  expect(again).toMatchObject({ exit: 2, stderr: expect.stringContaining('Name a new folder.') });
});

test('takes one public key, and no file with a second line: that would be a key without limits', async () => {
  const key = join(newFolder(), 'id.pub');
  const order = ['holder', 'print', '--user', 'root', '--mounts', '/srv/mail', '--key', key];
  writeFileSync(key, 'ssh-ed25519 AAAA of a site\n');
  expect((await program(order)).stdout).toContain('",restrict ssh-ed25519 AAAA of a site\n');
  for (const text of [
    'ssh-ed25519 AAAA one\nssh-ed25519 BBBB two\n',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n',
    '',
  ]) {
    writeFileSync(key, text);
    expect(await program(order)).toMatchObject({ exit: 2, stderr: expect.stringContaining('not one public key') });
  }
});
