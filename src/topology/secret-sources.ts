import { type FileHandle, open } from 'node:fs/promises';
import type { Deadline } from '../base/deadline.ts';
import { Fault } from '../base/fault.ts';
import type { SecretRef } from '../base/secret-ref.ts';
import type { Shell } from '../ports.ts';
import { localShell } from '../transport/local.ts';

const COMMAND_MS = 10_000;
const LARGEST_BYTES = 64 * 1024;

export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether somebody sits before it: without a terminal, what is missing is explained as cron's. */
  readonly terminal: boolean;
  /** Where a secret's command runs; default: this machine. */
  readonly shell?: Shell;
}

export interface SecretText {
  readonly text: string;
  readonly warning?: { readonly code: string; readonly message: string; readonly hint: string };
}

/** What a reference leads to. Rejects with a Fault `secret.…` that never repeats anything of it. */
export async function readSecret(ref: SecretRef, sources: SecretSources, deadline: Deadline): Promise<SecretText> {
  if ('env' in ref) return fromVariable(ref.env, sources);
  return 'file' in ref ? fromFile(ref.file) : fromCommand(ref, sources, deadline);
}

function fromVariable(name: string, { env, terminal }: SecretSources): SecretText {
  const text = env[name];
  if (text !== undefined && text !== '') return { text };
  throw new Fault({
    code: 'secret.variable-not-set',
    message: `the environment variable ${name} is not set`,
    hint: terminal
      ? `Set it (export ${name}=…), or use { file: PATH }.`
      : `Under cron only the crontab's own variables are set: set ${name} there, or use { file: PATH }.`,
  });
}

async function fromFile(path: string): Promise<SecretText> {
  const file = await opened(path);
  try {
    const { mode, size } = await file.stat();
    if (size > LARGEST_BYTES) throw unusable(path, 'is larger than 64 KiB', 'Is it the right file?');
    const text = withoutNewline(await file.readFile('utf8'));
    if (text === '') throw unusable(path, 'is empty', 'Put the secret in it.');
    if ((mode & 0o004) === 0) return { text };
    const message = `${path} can be read by every user of this machine`;
    return { text, warning: { code: 'secret.readable-by-others', message, hint: `chmod o-r ${path}` } };
  } catch (thrown) {
    throw thrown instanceof Fault ? thrown : notRead(path, thrown);
  } finally {
    await file.close();
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (thrown) {
    throw notRead(path, thrown);
  }
}

async function fromCommand(
  { command: argv, variables }: Extract<SecretRef, { readonly command: unknown }>,
  { env, terminal, shell = localShell({ env, variables }) }: SecretSources,
  deadline: Deadline,
): Promise<SecretText> {
  const limit = deadline.within(COMMAND_MS, 'the command of a secret');
  const cron = terminal ? '' : ' Under cron it has no terminal, no agent and few variables.';
  try {
    const { exit, stdout } = await shell.run(argv, { deadline: limit });
    if (exit !== 0) {
      throw new Fault({
        code: 'secret.command-failed',
        // What it said may be the secret: `sh -x`, or a vault that repeats a token which it does not like.
        message: `${argv[0]} ${exit === null ? 'was ended' : `ended with exit ${exit}`}; what it said is not shown`,
        hint: `Run it by hand to see why. It gets few variables: name others that it needs under \`variables\`.${cron}`,
      });
    }
    const text = withoutNewline(stdout);
    if (text !== '') return { text };
    throw new Fault({
      code: 'secret.command-silent',
      message: `${argv[0]} printed nothing`,
      hint: `The secret is what it writes to standard output.${cron}`,
    });
  } finally {
    limit.done();
  }
}

function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function unusable(path: string, why: string, hint: string): Fault {
  return new Fault({ code: 'secret.file', message: `${path} ${why}`, hint });
}

function notRead(path: string, thrown: unknown): Fault {
  const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (reason === 'ENOENT' || reason === 'ENOTDIR') return unusable(path, 'is not there', 'Make it, with mode 0600.');
  if (reason === 'EACCES')
    return unusable(path, 'may not be read by this user', `Give this user the right to ${path}.`);
  if (reason === 'EISDIR') return unusable(path, 'is a folder', 'Name the file in it.');
  return unusable(path, `cannot be read (${reason === '' ? 'unknown' : reason})`, 'Read it by hand to see why.');
}
