import { EXIT, Fault } from '../../base/fault.ts';
import { newSetId, systemRandom } from '../../catalog/names.ts';
import { type Program, playDemo } from '../../demo/screenplay.ts';
import type { RunReport } from '../../flows/snapshot/run-parts.ts';
import { survey } from '../../flows/survey.ts';
import { snapshot } from '../../snapshot.ts';
import { readTopology } from '../../topology/read.ts';
import { openCatalog } from '../catalog.ts';
import { TopologyFault } from '../findings.ts';
import { timeoutMs } from '../flags.ts';
import { makes } from '../makes.ts';
import type { Session } from '../session.ts';
import { groupNamed } from '../topology.ts';
import { openWorld } from '../world.ts';

export async function run(session: Session): Promise<number> {
  const { cli, flags, output } = session;
  const asJson = flags.json === true;
  const { exit, unheld, held, state } = await playDemo({
    open: (topology) => openProgram(topology, session),
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
async function openProgram(file: string, session: Session): Promise<Program> {
  const { cli } = session;
  const { topology, findings } = await readTopology(file, makes, { env: cli.env });
  if (topology === undefined) throw new TopologyFault(file, findings);
  const group = groupNamed(topology, undefined);
  const vms = group.members.map(({ vm }) => vm);
  const catalog = await openCatalog({ ...session, flags: { color: session.flags.color } }, topology);
  const world = await openWorld(topology, vms, () => {}, { ...cli, terminal: false });
  const parts = { ...world, group, ...catalog, random: systemRandom, interrupt: cli.interrupt, version: cli.version };
  return {
    drivers: world.drivers,
    plan: (limit) => survey(world, group, limit),
    async take() {
      const run = newSetId(group.name, cli.clock.date());
      const report = await snapshot({ ...parts, run, owner: 'demo', timeoutMs: timeoutMs(session), waitMs: 0 });
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
