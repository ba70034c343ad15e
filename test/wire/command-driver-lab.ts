import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandConfig } from '../../src/arrays/command/config.ts';
import { command } from '../../src/arrays/command/driver.ts';
import type { VolumeEntry } from '../../src/arrays/parts.ts';
import type { DeviceKey } from '../../src/model.ts';
import type { ArrayDriver, Shell } from '../../src/ports.ts';
import { localShell } from '../../src/transport/local.ts';
import { jumpingClock } from '../contract/array-clock.ts';
import type { ArrayLab } from '../contract/array-lab.ts';
import { noTrouble, troubled } from '../contract/array-shell.ts';

const SCRIPT = fileURLToPath(new URL('./command-driver-array.sh', import.meta.url));
const SECRET = 'hunter2';
const NAMES = ['mail_db', `it's a "lün" $(touch pwned) *`, 'web;2'] as const;
const DEVICES = ['naa.6c0' as DeviceKey, 'naa.6c1' as DeviceKey, 'naa.6c2' as DeviceKey] as const;
const ROW = '^(?<id>\\d+) (?<unixtime>\\d+) (?<volume>.+)@(?<snapshot>\\S+)$';

/** How the same array is spoken to. */
export const STYLES = {
  /** One command for all volumes. */
  together: (run: Run) => ({
    answers: 'cut',
    snapshot: { run: run('snapshot', { each: '<volume>@<snapshot>' }) },
  }),
  /** One command a volume, whose failure proves nothing; each volume is asked for its own snapshots. */
  apart: (run: Run) => ({
    answers: 'success-only',
    snapshot: { run: run('snapshot', '<volume>@<snapshot>'), refused: 'reserve is full' },
    find: { run: run('find-of', '<volume>'), row: '^(?<id>\\d+) (?<unixtime>\\d+) .+@(?<snapshot>\\S+)$' },
  }),
  /** One command a volume, which only starts a job. */
  jobs: (run: Run) => ({
    name: '<label>-<volume>',
    snapshot: { run: run('start', '<volume>', '<snapshot>'), refused: 'reserve is full', job: 'job (?<job>\\d+)$' },
    settled: { run: run('job', '<job>'), done: '^finished$', failed: '^broken$' },
  }),
} as const;

type Run = (...words: readonly unknown[]) => readonly unknown[];

export function openCommandLab(style: (run: Run) => object, open?: () => Promise<Shell>): ArrayLab {
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-command-'));
  for (const name of ['volumes', 'snapshots', 'shown', 'faults', 'jobs']) mkdirSync(join(folder, name));
  for (const name of NAMES) writeFileSync(join(folder, 'volumes', name), 'as made');
  const clock = jumpingClock();
  const trouble = noTrouble();
  const shell = open ?? (async () => localShell({ clock }));
  const run: Run = (...words) => ['sh', SCRIPT, folder, `--password=${SECRET}`, ...words];
  const entries = NAMES.map((name, index) => ({ name, device: DEVICES[index] ?? DEVICES[0] }));
  const make = (change: object = {}, volumes: readonly VolumeEntry[] = entries): ArrayDriver =>
    command(
      'box',
      commandConfig.parse({
        local: true,
        find: { run: run('find'), row: ROW },
        remove: { run: run('remove', '<volume>@<snapshot>'), gone: 'No such file' },
        list: { run: run('list'), row: '^(?<size>\\d+) (?<volume>.+)$' },
        expose: { run: run('expose', '<volume>@<snapshot>'), image: '^image: (?<image>.+)$' },
        withdraw: { run: run('withdraw', '<volume>@<snapshot>'), gone: 'No such file' },
        ...style(run),
        ...change,
      }),
      { clock, shell: async () => troubled(await shell(), trouble, clock), volumes },
    );
  const printing = (text: string): readonly string[] => ['printf', text];

  return {
    clock,
    devices: DEVICES,
    driver: () => make(),
    objects: async () => ['snapshots', 'shown'].flatMap((place) => readdirSync(join(folder, place)).sort()),
    write: async (volume, text) => writeFileSync(join(folder, 'volumes', NAMES[volume] ?? ''), text),
    read: async ({ name, source }) => readFileSync(join(folder, 'snapshots', `${source.name}@${name}`), 'utf8'),
    async replace({ name, source }) {
      const path = join(folder, 'snapshots', `${source.name}@${name}`);
      // Made while the first is still there: it cannot have the same inode.
      writeFileSync(join(folder, 'second'), 'another');
      renameSync(join(folder, 'second'), path);
    },
    async fail(volume, fault) {
      writeFileSync(join(folder, 'faults', NAMES[volume] ?? ''), fault);
      if (fault === 'late') clock.after(30_000, () => writeFileSync(join(folder, 'now'), ''));
    },
    stall() {
      trouble.stalled = true;
    },
    shows: true,
    secret: SECRET,
    wrongs: [
      {
        what: 'a program that is not there',
        code: 'array.program-missing',
        shows: 'check',
        make: async () => make({ list: { run: ['env', 'no-such-vendor-cli', SECRET], row: '^(?<volume>.+)$' } }),
      },
      {
        what: 'a command that fails',
        code: 'array.command-failed',
        shows: 'locate',
        make: async () => make({ list: { run: ['sh', '-c', 'exit 3', SECRET], row: '^(?<volume>.+)$' } }),
      },
      {
        what: 'a volume that is not there',
        code: 'array.no-such-volume',
        shows: 'locate',
        make: async () => make({}, [{ name: 'mail_dbb', device: DEVICES[0] }]),
      },
      {
        what: 'a name that is an option',
        code: 'array.unsafe-name',
        shows: 'locate',
        make: async () => make({}, [{ name: '-rf', device: DEVICES[0] }]),
      },
      {
        what: 'a line that is no row',
        code: 'array.unread-row',
        shows: 'check',
        make: async () => make({ find: { run: printing('total 0\\n'), row: ROW } }),
      },
      {
        what: 'an expression that takes for ever',
        code: 'array.slow-pattern',
        shows: 'check',
        make: async () =>
          make({ find: { run: printing(`${'a'.repeat(60)}!\\n`), row: '^(?<volume>(a+)+)@(?<snapshot>.)(?<id>.)$' } }),
      },
      {
        what: 'output that is no JSON',
        code: 'array.no-json',
        shows: 'check',
        make: async () =>
          make({ find: { run: printing('Welcome!\\n'), json: { rows: '$[*]', volume: 'v', snapshot: 's', id: 'i' } } }),
      },
      {
        what: 'an array that only accepts',
        code: 'array.only-accepted',
        shows: 'check',
        make: async () => make({ answers: 'accepted', settled: undefined }),
      },
      {
        what: 'names that become the same',
        code: 'array.same-name',
        shows: 'arm',
        make: async () =>
          make({ name: '<label>-<volume>', list: { run: printing('a b\\na_b\\n'), row: '^(?<volume>.+)$' } }, [
            { name: 'a b', device: DEVICES[0] },
            { name: 'a_b', device: DEVICES[1] },
          ]),
      },
    ],
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
