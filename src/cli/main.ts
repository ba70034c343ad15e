import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { EXIT } from '../base/fault.ts';
import { waitsOn } from '../base/waits.ts';
import { faultLines } from '../ui/fault.ts';
import { watchAnswer } from './answer.ts';
import { writtenUnlessInterrupted } from './interrupted.ts';
import type { Session } from './session.ts';
import { listen } from './signals.ts';

/** Releases have this long, by `plan/timing.ts`; a second signal says what is left of it. */
const RELEASE_SECONDS = 5;

if (process.platform === 'win32') {
  process.stderr.write(
    'Run Stillpoint on Linux, macOS or in WSL. Windows guests can be in a group, but are not held.\n',
  );
  process.exit(EXIT.usage);
}

// A reader that went away must end nothing.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
const answer = watchAnswer(process.stdout);
const waits = waitsOn(systemClock);
const signals = listen(RELEASE_SECONDS, waits);
const { runProgram } = await import('./program.ts');
let session: Session | undefined;
signals.tell = ({ secondsLeft, ...said }) =>
  session?.output.emit({ type: 'interrupted', ...said, ...(session.acts ? { secondsLeft } : {}) });
const cli = {
  clock: systemClock,
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  interrupt: signals.interrupt,
  waits,
  version: versionOf(new URL('../../package.json', import.meta.url)),
  command: commandOf(process.argv[1]),
};
const exit = await runProgram(cli, process.argv.slice(2), (opened) => {
  session = opened;
});

const bug = signals.bug();
if (bug !== undefined && exit !== EXIT.guestMayBeHeld) {
  process.stderr.write(`${bug.cause instanceof Error ? bug.cause.stack : bug.message}\n`);
}
await writtenUnlessInterrupted(cli, written(process.stdout));
const lost = answer.lost();
if (lost !== undefined) process.stderr.write(`${faultLines(lost).join('\n')}\n`);
await writtenUnlessInterrupted(cli, written(process.stderr));
// What was done is done, whether or not it could be told.
const shown = exit === EXIT.done && session?.acts !== true ? (lost?.exit ?? exit) : exit;
// Everything is closed and written by now; a socket that somebody forgot must not keep a cron job standing.
process.exit(bug !== undefined && exit !== EXIT.guestMayBeHeld ? EXIT.bug : shown);

/** Resolves when what was written has left the process, or nobody reads it any more: a pipe takes 64 KiB at a time. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}

function versionOf(manifest: URL): string {
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return version;
}

/** As it was started, so that what is printed can be typed here: 'stillpoint', 'node bin/stillpoint.js'. */
function commandOf(script = ''): string {
  return script.endsWith('.js') ? `node ${relative(process.cwd(), script)}` : 'stillpoint';
}
