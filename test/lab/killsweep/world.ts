import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { realFileSystem } from '../../../src/base/file-system.ts';
import { pruneRuns } from '../../../src/catalog/prune-runs.ts';
import { openState } from '../../../src/catalog/state-folder.ts';
import type { Ended } from '../end-to-end/kit/cli.ts';
import { type EndToEnd, openWorld } from '../end-to-end/kit/world.ts';
import type { LabGuest } from '../kit/guest.ts';
import { must } from '../kit/programs.ts';
import { type Tap, tapped } from './tap.ts';

/** What a sweep needs of a world: one guest with a held disk on each of two arrays, and the built program. */
export interface SweptWorld {
  readonly guest: Pick<LabGuest, 'disks' | 'processes'>;
  readonly windowMs: number;
  /** What a holder that has let go may need for its own end. */
  readonly holderMs: number;
  run(args: readonly string[], tap?: Tap): Promise<Ended>;
  /** Everything on both arrays that was not planted. */
  snapshots(): readonly string[];
  /** What was planted and is gone, or is no longer what it was. */
  harmed(): readonly string[];
  /** Labels that look like ours and are nobody's here. */
  readonly foreign: readonly string[];
  file(name: string): string;
  /** The papers of old runs go, as after many good ones: hundreds of killed ones are no part of what is tried. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}

const GUEST = 'mail01';
const WINDOW_MS = 4000;
const KEPT_RUNS = 20;
const ARRAYS = ['alpha', 'beta'] as const;
const VOLUMES = { alpha: `${GUEST}-scsi0-1`, beta: `${GUEST}-scsi0-0` } as const;
/** Of our form, with a label that no run here has made; and one that nobody could take for ours. */
const FOREIGN_LABEL = 'spforeignforeig';
const PLAIN = 'nightly';

export async function openSweptWorld(): Promise<SweptWorld> {
  const world = await openWorld([
    {
      name: GUEST,
      disks: [
        { address: 'scsi0:0', mount: '/mnt/b', array: 'beta' },
        { address: 'scsi0:1', mount: '/mnt/a', array: 'alpha' },
      ],
    },
  ]);
  const group = { vms: [GUEST], window: `${WINDOW_MS / 1000}s`, keep: { last: 1 } };
  const topology = world.topology('swept', { groups: { mail: group, strict: { ...group, weak: 'remove' } } });
  const planted = ARRAYS.flatMap((array) => plant(world, array));
  const before = new Map(planted.map((path) => [path, identityOf(path)]));
  return {
    guest: world.guest(GUEST),
    windowMs: WINDOW_MS,
    holderMs: 10_000,
    foreign: [FOREIGN_LABEL],
    run: (args, tap = {}) => world.run([...args, '-t', topology], { env: tapped(tap) }),
    snapshots: () =>
      ARRAYS.flatMap((array) => world.snapshotsOn(array).map((name) => `${array}/${name}`)).filter(
        (name) => !planted.some((path) => path.endsWith(name.slice(name.indexOf('/')))),
      ),
    harmed: () => planted.filter((path) => identityOf(path) !== before.get(path)),
    file: (name) => join(world.lab.folder, name),
    tidy: async () => pruneRuns(await openState(world.home, realFileSystem), new Set(), KEPT_RUNS),
    close: () => world.close(),
  };
}

/** Two snapshots in the folder where ours lie. */
function plant(world: EndToEnd, array: (typeof ARRAYS)[number]): readonly string[] {
  const { here } = world.array(array);
  const source = join(here, VOLUMES[array]);
  const folder = join(here, '.stillpoint');
  mkdirSync(folder, { mode: 0o700 });
  return [`${FOREIGN_LABEL}-${VOLUMES[array]}`, PLAIN].map((name) => {
    const path = join(folder, name);
    if (array === 'alpha') must('btrfs', '-q', 'subvolume', 'snapshot', '-r', source, path);
    else must('cp', '--reflink=always', source, path);
    return path;
  });
}

/** Inode, birth, last change and size; of a subvolume, those of its root. */
function identityOf(path: string): string {
  return must('sh', '-c', 'stat -c "%i %W %Z %s" "$1" 2>&1 || true', 'sh', path);
}
