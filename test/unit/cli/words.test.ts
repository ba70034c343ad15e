import { expect, test } from 'vitest';
import { program } from '../../fixtures/program.ts';

test.each([
  ['restore', 'there is no `restore` yet', 'To bring a set back: docs/operations.md'],
  ['restore SET', 'there is no `restore` yet', 'To bring a set back'],
  ['restore --help', 'there is no `restore` yet', 'To bring a set back'],
  ['rollback mail-2 --yes', 'there is no `rollback` yet', 'To bring a set back'],
  ['clone SET', 'there is no `clone` yet', 'docs/operations.md'],
  ['mount SET /mnt', 'there is no `mount` yet', 'docs/operations.md'],
  ['backup', 'there is no `backup` yet', 'docs/operations.md'],
  ['drill mail', 'there is no `drill` yet', 'stillpoint verify SET'],
  ['freeze mail', 'there is no `freeze`', 'To take a set: stillpoint snapshot GROUP'],
  ['-t x.yaml --state=/s --json=5 take mail', 'there is no `take`', 'To take a set'],
  ['rm SET', 'there is no `rm`', 'To remove a set: stillpoint remove SET'],
  ['unlock mail', 'there is no `unlock`', 'stillpoint mend'],
  ['repair --dry-run', 'there is no `repair`', 'stillpoint mend'],
  ['pin SET --because audit', 'there is no `pin` yet', 'keep: { last: N }'],
  ['snapshto mail', 'there is no `snapshto`', 'Did you mean `snapshot`?'],
  ['xyzzy --help', 'there is no `xyzzy`', 'stillpoint --help'],
  ['help xyzzy', 'there is no `xyzzy`', 'stillpoint --help'],
  ['-- rm SET', 'there is no `rm`', 'To remove a set'],
])('`%s` is answered by its first word, from synonyms before spelling, with exit 2', async (line, message, hint) => {
  const { exit, stdout, stderr } = await program(line.split(' '));
  expect({ exit, stdout, stderr }).toEqual({ exit: 2, stdout: '', stderr: expect.stringContaining(message) });
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain(hint);
});

test.each(['', ' '])('the key %j is none: the variable of that job is not set', async (key) => {
  const { exit, stderr } = await program(['snapshot', '--key', key]);
  expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining('--key is empty') });
});

test.each([
  ['show', "missing required argument 'set'", 'stillpoint show --help'],
  ['-t x list a b', 'too many arguments', 'stillpoint list --help'],
  ['plan --bogus', "unknown option '--bogus'", 'stillpoint plan --help'],
  ['--bogus plan', "unknown option '--bogus'", 'stillpoint --help'],
])('wrong use of `%s` names the help of the command at hand', async (line, message, hint) => {
  const { exit, stderr } = await program(line.split(' '));
  expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining(message) });
  expect(stderr.trimEnd().split('\n').at(-1)?.trim()).toBe(hint);
});
