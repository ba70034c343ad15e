import { type Deadline, deadline, seconds } from '../../base/deadline.ts';
import { asFault, EXIT, Fault } from '../../base/fault.ts';
import { nearest } from '../../base/nearest.ts';
import type { WriteOrder } from '../../ledger/program.ts';
import type { Shell } from '../../ports.ts';
import type { Topology } from '../../topology/topology.ts';
import { localShell } from '../../transport/local.ts';
import { timeoutMs } from '../flags.ts';
import type { Session } from '../session.ts';
import { loadTopology } from '../topology.ts';
import { openWorld } from '../world.ts';
import { writeLedger } from './writer.ts';

/** `ledger write`: here, or in a guest of the topology. Its answer is what was written. */
export async function write(session: Session, order: WriteOrder, vm: string | undefined): Promise<number> {
  const { cli, output } = session;
  const limit = deadline(cli.clock, timeoutMs(session), 'beginning the ledger', cli.interrupt);
  const place = vm === undefined ? thisMachine(session) : await guestOf(session, vm);
  try {
    const shell = await place.connect(limit);
    let begunAt = cli.clock.now();
    const written = await writeLedger(
      shell,
      order,
      {
        clock: cli.clock,
        stop: cli.interrupt,
        mayRaise: vm !== undefined,
        onBegun(ledger) {
          begunAt = cli.clock.now();
          const until = order.forMs === undefined ? 'until an interrupt' : `for ${seconds(order.forMs)}`;
          output.note([`ledger ${ledger} is written on ${shell.where}, ${until}: ${order.folders.join(', ')}`]);
        },
        onProgress: (records) => output.note([`${records} records so far`]),
      },
      limit,
    );
    const tookMs = Math.round(cli.clock.now() - begunAt);
    const { ledger, records } = written;
    const line = `ledger ${ledger}  ${records} records in ${seconds(tookMs)}  ${order.folders.length} volumes`;
    output.document([line], { type: 'ledger', ...written, tookMs, folders: order.folders });
    return cli.interrupt.aborted ? asFault(cli.interrupt.reason).exit : EXIT.done;
  } finally {
    limit.done();
    await place.close();
  }
}

/** Where the folders are. */
interface Place {
  connect(limit: Deadline): Promise<Shell>;
  close(): Promise<void>;
}

function thisMachine({ cli }: Session): Place {
  const shell = localShell({ clock: cli.clock, env: cli.env });
  return { connect: async () => shell, close: () => shell.close() };
}

async function guestOf(session: Session, vm: string): Promise<Place> {
  const { cli, output, terminal } = session;
  const topology = await loadTopology(session);
  if (topology.vms.get(vm)?.ssh === undefined) throw notAGuest(topology, vm);
  const world = await openWorld(topology, [vm], output.emit, { ...cli, terminal, vsphere: 'unasked' });
  const connect = (limit: Deadline): Promise<Shell> => {
    const side = world.guests.get(vm);
    return side === undefined ? Promise.reject(notAGuest(topology, vm)) : side.guest.connect(limit);
  };
  return { connect, close: () => world.close() };
}

function notAGuest({ file, vms }: Topology, vm: string): Fault {
  if (vms.has(vm)) {
    const hint = `Give it one: vms.${vm}.ssh.`;
    return new Fault({ code: 'usage.no-login', message: `${file}: VM ${vm} has no ssh login`, hint, exit: EXIT.usage });
  }
  const names = [...vms.keys()];
  const meant = nearest(vm, names);
  return new Fault({
    code: 'usage.no-such-vm',
    message: `${file} has no VM ${vm}`,
    hint: meant === undefined ? `It has: ${names.join(', ')}.` : `Did you mean ${meant}?`,
    exit: EXIT.usage,
  });
}
