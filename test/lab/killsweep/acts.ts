import type { SweptWorld } from './world.ts';

/** A command that is killed at each of its points. */
export interface Act {
  readonly name: string;
  /** Brings about what the command works on; answers with the command. */
  prepare(world: SweptWorld): Promise<readonly string[]>;
  /** Whether its group still has a good set after it, wherever it was killed. */
  readonly keepsLastGood: boolean;
}

/** All snapshots are taken, and what is known of their window is on disk: mend can go either way. */
const WINDOW_WRITTEN = 'after rename runs/RUN/window.json #1';

/** What a whole run cannot do without; a tap that taps nothing would leave a sweep with no points, and all of them good. */
export const PASSED_BY_A_RUN: readonly RegExp[] = [
  /^before sync runs\/RUN\/journal.jsonl /,
  /^after rename sets\/mail\/RUN\/manifest.json /,
  /^before link locks\/group_mail/,
  /^after btrfs subvolume delete /,
  /^before sh > 0 /,
  /^after sh < 0 /,
  /^after ssh \S+ login /,
  /^before ssh \S+ python3 > freeze /,
  /^after ssh \S+ python3 < ALL-FROZEN /,
  /^after ssh \S+ python3 < THAWED /,
  /^before https Login /,
  /^after https RetrievePropertiesEx /,
];

export const ACTS: readonly Act[] = [
  { name: 'snapshot', keepsLastGood: true, prepare: async () => ['snapshot', 'mail'] },
  { name: 'mend-keeping', keepsLastGood: true, prepare: (world) => afterKilled(world, 'mail') },
  { name: 'mend-taking-back', keepsLastGood: true, prepare: (world) => afterKilled(world, 'strict') },
  {
    name: 'remove',
    keepsLastGood: false,
    async prepare(world) {
      await good(world);
      return ['remove', 'latest:mail', '--last', '--yes'];
    },
  },
];

/** A run that nobody ends. */
export async function good(world: SweptWorld): Promise<void> {
  const { exit, stderr } = await world.run(['snapshot', 'mail']);
  if (exit !== 0) throw new Error(`a run that nobody ended: exit ${exit}\n${stderr}`);
}

async function afterKilled(world: SweptWorld, group: string): Promise<readonly string[]> {
  const { signal, exit, stderr } = await world.run(['snapshot', group], { dieAt: WINDOW_WRITTEN });
  if (signal !== 'SIGKILL') throw new Error(`no run to mend: exit ${exit}\n${stderr}`);
  return ['mend', group];
}
