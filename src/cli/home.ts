import { EXIT } from '../base/fault.ts';
import { homeLines } from '../ui/status.ts';
import { groupStatuses } from './commands/status.ts';
import { homeHelp } from './help.ts';
import type { Session } from './session.ts';
import { knownTopology, topologyFile } from './topology.ts';

/** `stillpoint` alone: how the groups stand, if there is a topology (files only, no network); then the help. */
export async function home(session: Session): Promise<number> {
  const { cli, output } = session;
  const topology = await knownTopology(session);
  const [title = '', ...help] = homeHelp(cli.version).trimEnd().split('\n');
  if (topology === undefined) {
    output.document([title, ...help], { type: 'home', version: cli.version });
    return EXIT.done;
  }
  const groups = await groupStatuses(session, topology);
  const standing = homeLines(topologyFile(session), groups);
  output.document([title, '', ...standing, ...help], { type: 'home', version: cli.version, groups });
  return EXIT.done;
}
