import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
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
