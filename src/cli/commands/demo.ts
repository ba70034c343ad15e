import { EXIT, Fault } from '../../base/fault.ts';
import { realFileSystem } from '../../base/file-system.ts';
import { fileLocks } from '../../base/lock.ts';
import { newSetId, systemRandom } from '../../catalog/names.ts';
import { locksFolder, openState, stateRoot } from '../../catalog/state-folder.ts';
import { type Program, playDemo } from '../../demo/screenplay.ts';
import type { RunReport } from '../../flows/run-parts.ts';
import { survey } from '../../flows/survey.ts';
import { snapshot } from '../../snapshot.ts';
import { readTopology } from '../../topology/read.ts';
import { makes } from '../makes.ts';
import { type Cli, groupNamed, type Session, TopologyFault } from '../session.ts';
import type { Command } from '../verb.ts';
import { openWorld } from '../world.ts';

const RUN_MS = 60_000;

/** Plays the small world from its first page to its last. Answers the exit code. */
export async function demo({ cli, flags, output }: Session): Promise<number> {
  const asJson = flags.json === true;
  const { exit, unheld, held, state } = await playDemo({
    open: (topology) => openProgram(topology, cli),
    say: (line) => {
      if (!asJson) output.document([line], {});
    },
    clock: cli.clock,
    interrupt: cli.interrupt,
    command: cli.command,
  });
  if (asJson) {
    const line = `torn: ${unheld.torn} of ${unheld.rounds} rounds unheld, ${held.torn} of ${held.rounds} held`;
    output.result({ exit, line, because: [], fields: { unheld, held, state } });
  }
  return exit;
}

/** The program as it is for any topology: nothing here knows that the world is small. */
async function openProgram(file: string, cli: Cli): Promise<Program> {
  const { topology, findings } = await readTopology(file, makes, { env: cli.env });
  if (topology === undefined) throw new TopologyFault(file, findings);
  const group = groupNamed(topology, undefined);
  const vms = group.members.map(({ vm }) => vm);
  const { clock, env, interrupt, version } = cli;
  const world = await openWorld(topology, vms, () => {}, { clock, env, terminal: false });
  const state = await openState(
    stateRoot({ env, ...(topology.state === undefined ? {} : { state: topology.state }) }),
    realFileSystem,
  );
  return {
    drivers: world.drivers,
    plan: (limit) => survey(world, group, limit),
    async take() {
      const report = await snapshot({
        ...world,
        group,
        state,
        locks: fileLocks(locksFolder(state), clock),
        random: systemRandom,
        run: newSetId(group.name, clock.date()),
        interrupt,
        owner: 'demo',
        version,
        timeoutMs: RUN_MS,
        waitMs: 0,
      });
      if (report.state === 'good' && report.manifest !== undefined) return report.manifest;
      throw notGood(report);
    },
    close: () => world.close(),
  };
}

function notGood({ fault, line, because, exit }: RunReport): Fault {
  return new Fault({
    code: fault?.code ?? 'demo.not-good',
    message: fault?.message ?? [line, ...because].join('; '),
    ...(fault?.hint === undefined ? {} : { hint: fault.hint }),
    exit: exit === EXIT.done ? EXIT.windowFailed : exit,
  });
}

export const demoCommand: Command = {
  name: 'demo',
  summary: 'see it at work in a small world of its own; no configuration needed',
  about: 'A vCenter, three guests and two arrays on loopback, in this process. Nothing of yours is touched.',
  run: (session) => demo(session),
};
