import { type Clock, systemClock } from '../base/clock.ts';
import type { Deadline } from '../base/deadline.ts';
import type { Shell } from '../ports.ts';
import { connectAlong } from './ssh/connection.ts';
import { route } from './ssh/route.ts';
import type { SshSettings } from './ssh/settings.ts';
import { sshShell } from './ssh/shell.ts';
import { sudoed } from './sudo.ts';

/**
 * A shell on another host, over one connection that carries everything that is run there. The host's key is verified,
 * always; jump hosts are connections of the same kind, each verified by its own key. Rejects with a Fault whose code
 * begins with 'ssh.' and whose message says what was tried.
 */
export async function connectSsh(
  settings: SshSettings,
  parts: { readonly deadline: Deadline; readonly clock?: Clock; readonly env?: NodeJS.ProcessEnv },
): Promise<Shell> {
  const { deadline, clock = systemClock, env = process.env } = parts;
  const hops = await route(settings, env, deadline);
  const shell = sshShell(await connectAlong(hops, deadline), clock);
  return settings.sudo === true ? sudoed(shell) : shell;
}
