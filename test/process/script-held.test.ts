import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { deadline } from '../../src/base/deadline.ts';
import type { Guest } from '../../src/ports.ts';
import { scriptSettings } from '../../src/quiesce/script/config.ts';
import { script } from '../../src/quiesce/script/method.ts';
import { localShell } from '../../src/transport/local.ts';
import { patient } from '../patience.ts';

/** A release that was not confirmed: what an application says of itself decides, not that its file system takes a write. */
describe('a guest held by a script, asked whether it is still held', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sp-held-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function method(check?: readonly string[]) {
    const release = ['rm', '-f', `${folder}/held now`];
    const settings = { hold: ['touch', `${folder}/held now`], release, gives: 'application', ...(check && { check }) };
    return script(scriptSettings.parse(settings), { clock: systemClock });
  }
  const guest = (): Guest => ({
    vm: 'db01',
    told: new Map(),
    connect: async () => localShell({ env: process.env }),
  });
  const soon = () => deadline(systemClock, patient(20_000), 'the test');

  test('by its `check`: held while that succeeds, and not afterwards', async () => {
    const held = method(['test', '-e', `${folder}/held now`]);
    writeFileSync(join(folder, 'held now'), '');
    expect(await held.isHeld(guest(), soon())).toHaveLength(1);
    rmSync(join(folder, 'held now'));
    expect(await held.isHeld(guest(), soon())).toEqual([]);
  });

  test('without a `check` nobody can tell, and it is not taken for released', async () => {
    await expect(method().isHeld(guest(), soon())).rejects.toMatchObject({ code: 'quiesce.cannot-tell' });
  });

  test('the remedy is its own release command, and not fsfreeze', () => {
    expect(method().remedy(['what the hold command holds'])).toEqual([`rm -f '${folder}/held now'`]);
  });
});
