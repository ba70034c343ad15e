import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { interruptedBy } from '../../../src/base/interrupt.ts';
import { askYes } from '../../../src/cli/ask.ts';

function asked() {
  const stdin = new PassThrough();
  const control = new AbortController();
  const cli = { stdin, stderr: new PassThrough(), interrupt: control.signal };
  const answer = askYes({ cli, flags: { color: false }, output: { note: () => {} }, terminal: true }, ['These go:']);
  return { stdin, control, answer };
}

test('yes goes on, anything else does nothing', async () => {
  const yes = asked();
  yes.stdin.write('yes\n');
  await expect(yes.answer).resolves.toBeUndefined();
  const no = asked();
  no.stdin.write('\n');
  await expect(no.answer).rejects.toMatchObject({ code: 'usage.declined', exit: 2 });
});

test('the end of input is no answer: nothing is done', async () => {
  const { stdin, answer } = asked();
  stdin.end();
  await expect(answer).rejects.toMatchObject({ code: 'usage.declined', exit: 2 });
});

test('a signal at the question ends with its number, and is no bug', async () => {
  const { control, answer } = asked();
  control.abort(interruptedBy('SIGTERM', 15));
  await expect(answer).rejects.toMatchObject({ code: 'interrupted', exit: 143 });
});
