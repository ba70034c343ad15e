import { deadline } from '../../base/deadline.ts';
import { EXIT } from '../../base/fault.ts';
import { survey } from '../../flows/survey.ts';
import { atLeast } from '../../model.ts';
import { stops } from '../../plan/build.ts';
import { excerpt } from '../../topology/excerpt.ts';
import { planDocument, planLines } from '../../ui/plan.ts';
import { timeoutMs } from '../flags.ts';
import type { Session } from '../session.ts';
import { groupNamed, loadTopology } from '../topology.ts';
import type { Args } from '../verb.ts';
import { openWorld } from '../world.ts';

interface Flags {
  readonly all?: true;
}

export function run(session: Session, [name]: Args, flags: Flags): Promise<number> {
  return showPlan(session, name, flags.all === true);
}

/** Exit 0: it would run; 3: it would prove less than is required; 4: something stops it. */
export async function showPlan(session: Session, name: string | undefined, all: boolean): Promise<number> {
  const { cli, output, paint } = session;
  const topology = await loadTopology(session);
  const group = groupNamed(topology, name);
  const vms = group.members.map(({ vm }) => vm);
  const world = await openWorld(topology, vms, output.emit, { ...cli, terminal: session.terminal });
  try {
    const limit = deadline(cli.clock, timeoutMs(session), 'planning', cli.interrupt);
    const plan = await survey(world, group, limit);
    limit.done();
    output.document(planLines(plan, { render: excerpt, all, paint, width: session.width }), planDocument(plan));
    const stopped = stops(plan).filter(({ code }) => code !== 'plan.weaker-than-required');
    if (stopped.length > 0) return EXIT.notPrepared;
    return atLeast(plan.best, plan.require) ? EXIT.done : EXIT.weaker;
  } finally {
    await world.close();
  }
}
