import { existsSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import { EXIT, Fault } from '../base/fault.ts';
import { nearest } from '../base/nearest.ts';
import type { Finding } from '../model.ts';
import { excerpt } from '../topology/excerpt.ts';
import { readTopology } from '../topology/read.ts';
import type { GroupSettings, Topology } from '../topology/topology.ts';
import { findingLines } from '../ui/findings.ts';
import type { Output } from '../ui/output.ts';
import { outputFor } from '../ui/output-for.ts';
import { type Paint, paintFor } from '../ui/paint.ts';
import { durationFlag } from './flags.ts';
import { makes } from './makes.ts';

/** The process, as far as commands see it. */
export interface Cli {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborts with `interruptedBy(…)` on INT, TERM or HUP, or with a bug that nobody caught. */
  readonly interrupt: AbortSignal;
  readonly version: string;
  /** 'stillpoint', or how it was started: 'node bin/stillpoint.js'. */
  readonly command: string;
}

/** The flags that are everywhere the same. */
export interface GlobalFlags {
  readonly topology?: string;
  readonly state?: string;
  readonly json?: true;
  readonly quiet?: true;
  readonly verbose?: true;
  /** false: `--no-color` */
  readonly color: boolean;
  readonly yes?: true;
  readonly because?: string;
  readonly wait?: string;
  readonly timeout?: string;
}

/** One command at work. */
export interface Session {
  readonly cli: Cli;
  readonly flags: GlobalFlags;
  readonly output: Output;
  readonly paint: Paint;
  /** It changes something: that counts, whether or not its answer could be written. */
  readonly acts: boolean;
  /** Somebody sits before it, and can be asked. */
  readonly terminal: boolean;
  /** Columns for what is shown. */
  readonly width: number;
}

const WIDEST = 160;
const NARROWEST = 80;

export function sessionOf(cli: Cli, flags: GlobalFlags, acts: boolean): Session {
  const { stdin, stdout, stderr, env, clock } = cli;
  const output = outputFor({
    json: flags.json === true,
    quiet: flags.quiet === true,
    verbose: flags.verbose === true,
    noColor: !flags.color,
    env,
    clock,
    stdout,
    stderr,
  });
  return {
    cli,
    flags,
    output,
    acts,
    paint: paintFor({ terminal: stdout.isTTY === true, refused: !flags.color, env }),
    terminal: stdin.isTTY === true && stderr.isTTY === true,
    width: Math.min(WIDEST, Math.max(NARROWEST, stdout.isTTY === true ? stdout.columns : NARROWEST)),
  };
}

/** Where the topology is: `-t`, else $STILLPOINT_TOPOLOGY, else ./stillpoint.yaml. */
export function topologyFile({ cli, flags }: Session): string {
  const named = flags.topology ?? cli.env.STILLPOINT_TOPOLOGY;
  return named === undefined || named === '' ? 'stillpoint.yaml' : named;
}

/** The topology, with its warnings told; every finding at once, and exit 2, where it cannot be used. */
export async function loadTopology(session: Session): Promise<Topology> {
  const { topology, findings } = await readTopology(topologyFile(session), makes, session.cli);
  if (topology === undefined) throw new TopologyFault(topologyFile(session), findings);
  tellFindings(session, findings);
  return topology;
}

/**
 * The topology for a command that needs only the state folder: none where there is no file and none was named, or where
 * `--state` says all that is needed and the file cannot be read.
 */
export async function knownTopology(session: Session): Promise<Topology | undefined> {
  const { cli, flags } = session;
  const file = topologyFile(session);
  const isNamed = flags.topology !== undefined || (cli.env.STILLPOINT_TOPOLOGY ?? '') !== '';
  if (!isNamed && !existsSync(file)) return undefined;
  const { topology, findings } = await readTopology(file, makes, cli);
  if (topology === undefined && flags.state === undefined) throw new TopologyFault(file, findings);
  return topology;
}

const LOOKED = 'It is looked for as -t FILE, else as $STILLPOINT_TOPOLOGY, else as ./stillpoint.yaml.';

/** What is wrong with a topology: all of it, each with its place. */
export class TopologyFault extends Fault {
  readonly findings: readonly Finding[];

  constructor(file: string, findings: readonly Finding[]) {
    const errors = findings.filter(({ severity }) => severity === 'error').length;
    super({
      code: 'topology.invalid',
      message: `${file} cannot be used: ${errors === 1 ? 'one error' : `${errors} errors`}; nothing was touched`,
      ...(findings.some(({ code }) => code === 'topology.not-there') ? { hint: LOOKED } : {}),
      exit: EXIT.usage,
    });
    this.findings = findings;
  }
}

/** Findings as people read them, on standard error; a machine gets them as objects. */
export function tellFindings({ output, flags, paint }: Session, findings: readonly Finding[]): void {
  if (flags.json === true) for (const finding of findings) output.emit({ type: 'finding', finding });
  else if (findings.length > 0) output.note(findingLines(findings, excerpt, paint));
}

/** The group that is meant; it need not be named where the file has one. */
export function groupNamed(topology: Topology, name: string | undefined): GroupSettings {
  const names = [...topology.groups.keys()];
  const group = topology.groups.get(name ?? (names.length === 1 ? (names[0] ?? '') : ''));
  if (group !== undefined) return group;
  if (name === undefined) {
    const message = `which group? ${topology.file} has ${names.join(', ')}`;
    throw new Fault({ code: 'usage.which-group', message, hint: 'Name one.', exit: EXIT.usage });
  }
  const meant = nearest(name, names);
  throw new Fault({
    code: 'usage.no-such-group',
    message: `${topology.file} has no group ${name}`,
    hint: meant === undefined ? `It has: ${names.join(', ')}.` : `Did you mean ${meant}?`,
    exit: EXIT.usage,
  });
}

const TIMEOUT_MS = 30 * 60_000;

/** `--timeout`: for everything before the window, and again for everything after it. */
export function timeoutMs({ flags }: Session): number {
  return flags.timeout === undefined ? TIMEOUT_MS : durationFlag('--timeout', flags.timeout);
}

/** `--wait`: for a lock that another run holds; 0: none. */
export function waitMs({ flags }: Session): number {
  return flags.wait === undefined ? 0 : durationFlag('--wait', flags.wait);
}
