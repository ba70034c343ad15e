import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { interruptedBy } from '../../../src/base/interrupt.ts';
import { askTyped, askYes } from '../../../src/cli/ask.ts';

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

const LABEL = 'spaaaaaaaaaaaab';

function typing(said?: string, terminal = true) {
  const stdin = new PassThrough();
  const cli = { stdin, stderr: new PassThrough(), interrupt: new AbortController().signal };
  const asker = { cli, flags: { color: false, yes: true }, output: { note: () => {} }, terminal } as const;
  return { stdin, answer: askTyped(asker, ['This:'], { word: LABEL, flag: '--confirm', said }) };
}

test('a word that has to be typed is typed whole; anything else, and --yes, is a refusal', async () => {
  const right = typing();
  right.stdin.write(`${LABEL}\n`);
  await expect(right.answer).resolves.toBeUndefined();
  for (const line of ['yes\n', '\n', `${LABEL.slice(0, -1)}\n`]) {
    const wrong = typing();
    wrong.stdin.write(line);
    await expect(wrong.answer).rejects.toMatchObject({ code: 'usage.declined', exit: 2 });
  }
});

test('without a terminal only the same word, said beforehand, stands for it', async () => {
  await expect(typing(LABEL, false).answer).resolves.toBeUndefined();
  await expect(typing('spaaaaaaaaaaaac', false).answer).rejects.toMatchObject({ code: 'usage.declined' });
  await expect(typing(undefined, false).answer).rejects.toMatchObject({
    code: 'usage.needs-confirming',
    hint: expect.stringContaining(`--confirm ${LABEL}`),
  });
});
