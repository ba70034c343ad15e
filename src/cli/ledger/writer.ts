import type { Clock } from '../../base/clock.ts';
import type { Deadline } from '../../base/deadline.ts';
import { EXIT, Fault } from '../../base/fault.ts';
import { ledgerArguments, ledgerProgram, type WriteOrder } from '../../ledger/program.ts';
import type { Dialogue, Shell } from '../../ports.ts';
import { pythonFromInput } from '../../transport/sent-program.ts';
import { sudoed } from '../../transport/sudo.ts';

/** How a ledger ended that was written to its end. */
export interface Written {
  readonly ledger: string;
  readonly records: number;
  readonly why: string;
}

export interface Writing {
  readonly clock: Clock;
  /** Ends it. */
  readonly stop: AbortSignal;
  /** Where the login may not write, root does. */
  readonly mayRaise: boolean;
  readonly onBegun: (ledger: string) => void;
  readonly onProgress: (records: number) => void;
}

/** Prints the path of a Python that is new enough, and each folder that this login cannot write to. */
const LOOK = `PATH=$PATH:/usr/libexec
for p in python3 platform-python; do
  p=$(command -v $p) && "$p" -I -S -c 'import sys; sys.exit(sys.version_info < (3, 5))' && echo "python $p" && break
done 2>/dev/null
for folder; do [ -w "$folder" ] || echo "not-writable $folder"; done
true`;
/** The writer ends when it has heard nothing for a minute. */
const ALIVE_MS = 10_000;

/** Writes a ledger through a shell until its time is over or it is stopped; it ends with the line. */
export async function writeLedger(
  shell: Shell,
  order: WriteOrder,
  writing: Writing,
  limit: Deadline,
): Promise<Written> {
  const { stdout } = await shell.run(['sh', '-c', LOOK, 'sh', ...order.folders], { deadline: limit });
  const python = /^python (.+)$/m.exec(stdout)?.[1];
  if (python === undefined) {
    throw new Fault({
      code: 'ledger.no-python',
      message: `${shell.where}: there is no python3 (3.5 or newer)`,
      hint: 'Install python3 there.',
    });
  }
  const program = ledgerProgram();
  const argv = [...pythonFromInput(python, program), '--until-input-ends', ...ledgerArguments(order)];
  const raised =
    writing.mayRaise && /^not-writable /m.test(stdout)
      ? sudoed(shell, (user) => `Make the folders writable for ${user}, or log in as root.`)
      : shell;
  const dialogue = await raised.start(argv, limit);
  dialogue.write(program);
  return follow(dialogue, shell.where, writing);
}

async function follow(dialogue: Dialogue, where: string, { clock, stop, ...told }: Writing): Promise<Written> {
  let written: Written | undefined;
  dialogue.onLine((line) => {
    const [, ledger = '', is, count, why = ''] =
      /^ledger ([0-9a-f]{16}) (begun|at|ended) ?(\d+)? ?(.*)$/.exec(line) ?? [];
    if (is === 'begun') told.onBegun(ledger);
    if (is === 'at') told.onProgress(Number(count));
    if (is === 'ended') written = { ledger, records: Number(count), why };
  });
  const end = (): void => dialogue.end();
  if (stop.aborted) end();
  stop.addEventListener('abort', end, { once: true });
  let quiet = (): void => {};
  const speak = (): void => {
    dialogue.send('');
    quiet = clock.after(ALIVE_MS, speak);
  };
  speak();
  const { exit, stderr, why } = await dialogue.ended;
  quiet();
  stop.removeEventListener('abort', end);
  if (written !== undefined) return written;
  stop.throwIfAborted();
  const said = stderr.trim().split('\n').at(-1) ?? '';
  throw new Fault({
    code: exit === 2 ? 'ledger.refused' : 'ledger.ended',
    message: `${where}: ${exit === 2 ? said : `the ledger ended: ${why}${said === '' ? '' : `: ${said}`}`}`,
    exit: EXIT.notPrepared,
  });
}
