import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commandConfig } from '../../src/arrays/command/config.ts';
import { command } from '../../src/arrays/command/driver.ts';
import { wrongWithName } from '../../src/arrays/names.ts';
import { systemClock } from '../../src/base/clock.ts';
import { labelIn } from '../../src/label.ts';
import type { ArraySnapshot, CutLabel, DeviceKey } from '../../src/model.ts';
import type { ArrayDriver } from '../../src/ports.ts';
import { localShell } from '../../src/transport/local.ts';
import { connectSsh } from '../../src/transport/ssh.ts';
import { HOSTILE_NAMES } from '../fixtures/hostile-names.ts';
import { needs } from '../needs.ts';
import { within } from './kit/shell-suite.ts';
import { settingsFor, startSshd, type TestSshd } from './kit/sshd.ts';

const LABEL = labelled('spaaaaaaaaaaaaa');
const DEVICE = 'naa.60' as DeviceKey;

/** Answers from a file, and writes down what it is told to do, each word ended by a NUL. */
const ARRAY_CLI = 'cd "$0" && case $1 in list | find) cat "$1.json" ;; *) printf "%s\\0" "$@" >> told ;; esac';

const takable = HOSTILE_NAMES.filter(([, name]) => wrongWithName(name) === undefined);
const refused = HOSTILE_NAMES.filter(([, name]) => wrongWithName(name) !== undefined);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stillpoint-hostile-array-'));
  writeFileSync(join(folder, 'list.json'), JSON.stringify(HOSTILE_NAMES.map(([, volume]) => ({ volume }))));
  writeFileSync(join(folder, 'find.json'), '[]');
});
afterEach(() => {
  expect(readdirSync(folder).filter((name) => !['list.json', 'find.json', 'told'].includes(name))).toEqual([]);
  rmSync(folder, { recursive: true });
});

test('the table holds names of both kinds', () => {
  expect(takable.length).toBeGreaterThan(20);
  expect(refused.map(([what]) => what)).toEqual([
    'a line break and a command',
    'a carriage return',
    'a tab',
    'an escape sequence',
    'a leading dash',
    'the end of options',
    'a long option',
    'line separators of Unicode',
    '255 bytes',
    'nothing',
  ]);
});

describe('an array on this machine whose volumes have hostile names', () => {
  suite(async () => localShell(), takable);
});

needs('sshd', 'ssh')('an array behind a real sshd whose volumes have hostile names', () => {
  let sshd: TestSshd;
  beforeEach(async () => {
    sshd = await startSshd();
  });
  afterEach(() => sshd?.stop());
  // What ssh and a shell make of each name is tried elsewhere; here a sample.
  suite(
    () => connectSsh(settingsFor(sshd), { deadline: within() }),
    takable.filter((_, index) => index % 4 === 0),
  );
});

function suite(open: Parameters<typeof driverFor>[1], names: typeof takable): void {
  test('takes, finds and removes what is meant, by exactly its name', async () => {
    for (const [what, name] of names) {
      const array = driverFor(name, open);
      const units = await array.group([...(await array.locate([DEVICE], within())).values()], within());
      const armed = await array.arm(units, LABEL, within());
      expect([what, await armed.fire(within())]).toMatchObject([what, [{ kind: 'cut' }]]);
      expect(told()).toEqual([`snap`, '-vol', name, LABEL]);
      shows([
        { volume: name, snapshot: LABEL, id: '7' },
        { volume: 'other', snapshot: LABEL, id: '8' },
      ]);
      const ours = (await array.find(LABEL, within())).find(({ source }) => source.name === name);
      expect(ours).toMatchObject({ id: '7', source: { name } });
      if (ours !== undefined) await array.remove(ours, within());
      expect(told()).toEqual(['remove', `${name}@${LABEL}`]);
      shows([]);
      await array.close();
    }
  });

  test('is refused where a program could take the name for something else', async () => {
    for (const [what, name] of refused) {
      const array = driverFor(name, open);
      await expect(array.locate([DEVICE], within()), what).rejects.toMatchObject({ code: 'array.unsafe-name' });
      shows([{ volume: name, snapshot: LABEL, id: '7' }]);
      await expect(array.find(LABEL, within()), what).rejects.toMatchObject({ code: 'array.unread-row' });
      await expect(array.remove(snapshotOf(name), within()), what).rejects.toMatchObject({ code: 'array.unread-row' });
      shows([]);
      expect(told()).toEqual([]);
      await array.close();
    }
  });

  test('hides nothing of ours behind a hostile id, and removes nothing by it', async () => {
    const array = driverFor('mail', open);
    for (const [what, id] of refused.filter(([, name]) => name !== '')) {
      shows([{ volume: 'mail', snapshot: LABEL, id }]);
      await expect(array.remove({ ...snapshotOf('mail'), id }, within()), what).rejects.toMatchObject({
        code: 'array.unread-row',
      });
    }
    expect(told()).toEqual([]);
    await array.close();
  });
}

function driverFor(name: string, shell: () => ReturnType<typeof connectSsh>): ArrayDriver {
  const run = (...words: readonly string[]): readonly string[] => ['sh', '-c', ARRAY_CLI, folder, ...words];
  const fields = { rows: '$[*]', volume: 'volume', snapshot: 'snapshot', id: 'id' };
  const settings = commandConfig.parse({
    local: true,
    answers: 'cut',
    name: '<label>',
    snapshot: { run: run('snap', '-vol', '<volume>', '<snapshot>') },
    find: { run: run('find'), json: fields },
    remove: { run: run('remove', '<volume>@<snapshot>') },
    list: { run: run('list'), json: { rows: '$[*]', volume: 'volume' } },
  });
  return command('box', settings, { clock: systemClock, shell, volumes: [{ name, device: DEVICE }] });
}

function shows(rows: readonly object[]): void {
  writeFileSync(join(folder, 'find.json'), JSON.stringify(rows));
}

/** What the array was told since it was last asked. */
function told(): readonly string[] {
  const file = join(folder, 'told');
  try {
    return readFileSync(file, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  } finally {
    rmSync(file, { force: true });
  }
}

function snapshotOf(volume: string): ArraySnapshot {
  return { array: 'box', label: LABEL, id: '7', name: LABEL, source: { id: volume, name: volume } };
}

function labelled(text: string): CutLabel {
  const found = labelIn(text);
  if (found === undefined) throw new Error(`${text} is no label`);
  return found;
}
