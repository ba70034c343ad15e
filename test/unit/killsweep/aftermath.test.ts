import { expect, test } from 'vitest';
import { aftermath } from '../../lab/killsweep/aftermath.ts';
import type { SweptWorld } from '../../lab/killsweep/world.ts';
import type { LabDisk } from '../../lab/kit/disk.ts';

const GOOD = 'spaaaaaaaaaaaaa';
const OTHER = 'spbbbbbbbbbbbbb';
const FOREIGN = 'spforeignforeig';

/** A world after a kill, as it answers. */
interface Scene {
  readonly mendExit?: number;
  readonly mended?: readonly { id: string; kind: string }[];
  readonly left?: readonly string[];
  readonly foreign?: readonly string[];
  readonly sets?: readonly { id: string; group: string; state: string; label: string }[];
  readonly snapshots?: readonly string[];
  readonly harmed?: readonly string[];
  readonly write?: LabDisk['write'];
  readonly thaw?: LabDisk['thaw'];
  readonly holders?: readonly number[];
}

const WELL: Required<Scene> = {
  mendExit: 0,
  mended: [{ id: 'mail-2', kind: 'take-back' }],
  left: [],
  foreign: [FOREIGN, FOREIGN],
  sets: [{ id: 'mail-1', group: 'mail', state: 'good', label: GOOD }],
  snapshots: [`alpha/${GOOD}-a`, `beta/${GOOD}-b@1`],
  harmed: [],
  write: async () => 20,
  thaw: async () => 'EINVAL',
  holders: [],
};

async function after(scene: Scene): Promise<{ readonly mended: string; readonly bad: string }> {
  const { write, thaw, holders, ...told } = { ...WELL, ...scene };
  const disk: LabDisk = { device: '', image: '', here: '', write, thaw, close: async () => {} };
  const answers: Readonly<Record<string, unknown>> = {
    mend: {
      mended: told.mended,
      left: told.left,
      foreign: told.foreign.map((label) => ({ array: 'alpha', label })),
    },
    list: { sets: told.sets },
  };
  const world: SweptWorld = {
    guest: { disks: new Map([['/mnt/a', disk]]), processes: () => holders },
    windowMs: 1000,
    holderMs: 50,
    foreign: [FOREIGN],
    run: async ([verb = '']) => ({
      exit: verb === 'mend' ? told.mendExit : 0,
      signal: null,
      stdout: JSON.stringify(answers[verb]),
      stderr: '',
    }),
    snapshots: () => told.snapshots,
    harmed: () => told.harmed,
    file: (name) => name,
    tidy: async () => {},
    close: async () => {},
  };
  const { mended, bad } = await aftermath(world, new Set(), true);
  return { mended, bad: bad.join('; ') };
}

test('where all is well nothing is bad, and what mend did is told in words', async () => {
  expect(await after({})).toEqual({ mended: 'taken back', bad: '' });
});

test('what may still appear is open, named, and no fault', async () => {
  const left = ['run mail-2: array alpha: an answer is missing, so that a snapshot may still appear until 12:00:00'];
  expect(await after({ mendExit: 3, left })).toEqual({ mended: 'taken back; may be late, named', bad: '' });
});

test.each<[string, Scene, string]>([
  ['a guest that takes no write', { write: async () => 'blocked' }, '/mnt/a took no write within lease + 1 s'],
  ['a guest that writes too late', { write: async () => 2500 }, 'a disk was still held'],
  ['a disk that is still frozen', { thaw: async () => 'was frozen' }, '/mnt/a was frozen when all was over'],
  ['a mend that finds a guest held', { mendExit: 6 }, 'mend: exit 6'],
  ['a mend that cannot mend', { mendExit: 3, left: ['run mail-2: alpha: it is busy'] }, 'mend could not mend: run'],
  ['an intent that was lost', { foreign: [FOREIGN, FOREIGN, OTHER] }, `mend takes ${OTHER} on alpha for somebody`],
  ['a stranger that is not named', { foreign: [FOREIGN] }, 'mend does not name both'],
  ['a snapshot in no set', { snapshots: [...WELL.snapshots, `beta/${OTHER}-b@1`] }, 'is in no set or in two'],
  ['half a clone', { snapshots: [...WELL.snapshots, `beta/.part-${GOOD}-b@1`] }, 'set mail-1 is not whole'],
  ['a set that lost a snapshot', { snapshots: [`alpha/${GOOD}-a`] }, 'set mail-1 is not whole'],
  ['a snapshot in two sets', { sets: [...WELL.sets, ...WELL.sets] }, `alpha/${GOOD}-a is in no set or in two`],
  ['a removal that mend left', { sets: WELL.sets.map((set) => ({ ...set, state: 'removing' })) }, 'is removing after'],
  ['a last good set that is gone', { sets: [], snapshots: [] }, 'group mail has lost its last good set'],
  ['something foreign that was touched', { harmed: ['/nightly'] }, '/nightly, which is not ours, was touched'],
])('%s is bad', async (_what, scene, said) => {
  expect((await after(scene)).bad).toContain(said);
});

test('a holder that stays in the guest is bad', async () => {
  expect((await after({ holders: [7] })).bad).toBe("the holder's processes are left in the guest: 1");
});
