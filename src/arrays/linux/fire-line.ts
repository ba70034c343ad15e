import type { Deadline } from '../../base/deadline.ts';
import { beforeDeadline } from '../../base/deadline.ts';
import { Fault } from '../../base/fault.ts';
import type { Dialogue, Shell } from '../../ports.ts';

/** What one word did: the exit code of the command behind it, and what it wrote. */
interface Shot {
  readonly exit: number;
  readonly said: string;
}

/** A program at the far end that has all its commands ready and runs each on one word. */
export interface FireLine {
  /** Shows that words still go there and back. */
  ping(deadline: Deadline): Promise<void>;
  /** undefined: the line had ended before; certainly not sent. Rejects when the answer does not come. */
  fire(job: number, deadline: Deadline): Promise<Shot | undefined>;
  /**
   * Ends what still runs there, and the line: after this no command of it makes anything. Rejects when one does not end
   * in a few seconds: what hangs in the kernel, no signal ends.
   */
  stop(deadline: Deadline): Promise<void>;
  close(): void;
}

/** A command that is in the kernel when it is told to end does so when that lets it go: as a rule in milliseconds. */
const STOP_MS = 5000;

export interface Job {
  readonly source: string;
  readonly target: string;
}

/**
 * Starts it. A channel, a login, a shell's start cost a hundred times what a snapshot does; here they are spent before
 * the window, and one word is left for inside.
 *
 * @param take the body of a shell function that snapshots "$1" as "$2", and whose exit code tells whether it did
 */
export async function openFireLine(
  shell: Shell,
  take: string,
  jobs: readonly Job[],
  deadline: Deadline,
): Promise<FireLine> {
  const pairs = jobs.flatMap(({ source, target }) => [source, target]);
  const line = await shell.start(['sh', '-c', program(take), 'stillpoint', ...pairs], deadline);
  return fireLine(line, shell.where);
}

/**
 * The words are `ping`, `stop` and the number of a job; the answers `pong` and `NUMBER EXIT WHAT-IT-SAID`. A job's answer
 * is one short write, so that jobs that end together do not mix theirs. `stop` ends every job: the process group is the
 * line's own, made by sshd or by `localShell`. Without that word, as when we have died, a job goes on to its end over SSH;
 * here it ends with us.
 *
 * Each command holds the line's output open, as descriptor 3: the line has ended when the last of them has, and not
 * before. One that was told to end while it makes a file makes it all the same, and must not do so unseen.
 */
function program(take: string): string {
  return `
LC_ALL=C; export LC_ALL; umask 077
exec 3>&1
take() { ${take}; }
job() {
  said=$(take "$2" "$3" 2>&1)
  code=$?
  printf '%s %s %s\\n' "$1" "$code" "$(printf %s "$said" | tr '\\n\\r' '  ' | tail -c 300)"
}
nth() { n=$1; shift $((n * 2 + 1)); job "$n" "$1" "$2"; }
while read -r word; do
  case $word in
    ping) echo pong ;;
    stop) trap '' TERM; kill 0; exit ;;
    '' | *[!0-9]*) echo "no such word" ;;
    *) nth "$word" "$@" </dev/null & ;;
  esac
done
wait`;
}

function fireLine(line: Dialogue, where: string): FireLine {
  const waiting = new Map<string, (answer: string) => void>();
  let ended: string | undefined;
  const gone = line.ended.then(({ why }) => {
    ended = why;
    throw lost(where, why);
  });
  gone.catch(() => {});
  line.onLine((text) => {
    const [word = '', ...rest] = text.split(' ');
    waiting.get(word)?.(rest.join(' '));
  });

  return {
    async ping(deadline) {
      await answerTo('ping', 'pong', deadline);
    },
    async fire(job, deadline) {
      if (ended !== undefined) return undefined;
      const answer = await answerTo(`${job}`, `${job}`, deadline);
      const [exit = '', ...said] = answer.split(' ');
      return { exit: Number.parseInt(exit, 10), said: said.join(' ').trim() };
    },
    async stop(deadline) {
      line.send('stop');
      const limit = deadline.within(STOP_MS, `the end of what was started on ${where}`);
      try {
        await beforeDeadline(line.ended, limit);
      } finally {
        limit.done();
        line.end();
      }
    },
    close: () => line.end(),
  };

  async function answerTo(word: string, key: string, deadline: Deadline): Promise<string> {
    const answer = new Promise<string>((resolve) => waiting.set(key, resolve));
    line.send(word);
    try {
      return await beforeDeadline(Promise.race([answer, gone]), deadline);
    } finally {
      waiting.delete(key);
    }
  }
}

function lost(where: string, why: string): Fault {
  return new Fault({
    code: 'array.line-lost',
    message: `the line to ${where} ended: ${why}`,
    hint: `Look at the connection to ${where}, and run again.`,
  });
}
