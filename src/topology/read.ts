import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Finding } from '../model.ts';
import { topologyOf } from './build.ts';
import { readDocument } from './document.ts';
import { fill } from './fill.ts';
import { schemaProblems } from './issues.ts';
import { literalSecrets } from './literals.ts';
import { lookAlikeProblems } from './look-alikes.ts';
import type { Makes } from './makes.ts';
import type { Problem } from './problem.ts';
import { NO_RANGES } from './ranges.ts';
import { referenceProblems } from './references.ts';
import { ruleProblems } from './rules.ts';
import { topologySchema } from './schema.ts';
import { findingsOf } from './source.ts';
import { entriesOf, type Spot, under } from './spot.ts';
import { readText } from './text.ts';
import type { Topology } from './topology.ts';

export interface ReadResult {
  /** Absent when a finding is an error. */
  readonly topology?: Topology;
  /** All of them, in the order of the file. */
  readonly findings: readonly Finding[];
}

export interface ReadOptions {
  /** Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Ends the waiting for a pipe. */
  readonly interrupt?: AbortSignal;
}

/**
 * Reads the topology file whole: every finding at once, each with its place. Reads no secret and asks nobody. A file
 * that is not there or cannot be read is a finding; rejects only for an interrupt.
 * @param file as the user named it; findings show it like this
 */
export async function readTopology(file: string, makes: Makes, options: ReadOptions = {}): Promise<ReadResult> {
  const { text, problems } = await readText(resolve(file), options.interrupt);
  return problems.length > 0
    ? { findings: findingsOf(problems, { file, text }) }
    : parseTopology(text, file, makes, options);
}

/** The same for a text that is at hand; paths in it are relative to the folder of `file`. */
export function parseTopology(text: string, file: string, makes: Makes, options: ReadOptions = {}): ReadResult {
  const { root, problems, ranges = NO_RANGES } = readDocument(text);
  if (root === undefined) return { findings: findingsOf(problems, { file, text, ranges }) };
  const path = resolve(file);
  const filled = fill(root, { env: options.env ?? process.env, folder: dirname(path), home: homedir() });
  const secrets = literalSecrets(root);
  const alike = lookAlikeProblems(root);
  const plain = [...problems, ...secrets.problems, ...filled.problems, ...alike];
  const schema = schemaProblems(topologySchema(makes), filled.value, root);
  const all = [
    ...plain,
    ...withoutEcho(schema, plain),
    ...referenceProblems(root),
    ...ruleProblems(root, makes.loginless ?? NO_LOGIN_NEEDED),
  ];
  const hidden = [...ranges.hidden, ...secrets.places];
  const findings = findingsOf(all, { file, text, ranges: { ...ranges, hidden } });
  if (findings.some(({ severity }) => severity === 'error')) return { findings };
  return { topology: topologyOf(filled.value, path, (section) => namesIn(root, section)), findings };
}

const NO_LOGIN_NEEDED: ReadonlySet<string> = new Set(['none']);

/** The schema's word on a value is left out where something better was said of it. */
function withoutEcho(schema: readonly Problem[], plain: readonly Problem[]): readonly Problem[] {
  const said = new Set(plain.map(({ offset }) => offset));
  return schema.filter(({ offset, message }) => !said.has(offset) && !message.startsWith('`include`'));
}

function namesIn(root: Spot, section: string): readonly string[] {
  return entriesOf(under(root, section)).map(({ key }) => key);
}
