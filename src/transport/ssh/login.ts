import { basename, dirname } from 'node:path';
import type { AnyAuthMethod, AuthenticationType, ParsedKey } from 'ssh2';
import type { Deadline } from '../../base/deadline.ts';
import { Fault } from '../../base/fault.ts';
import { settle } from '../../base/gather.ts';
import { agentKeys, agentOffering } from './agent.ts';
import { type KeyFile, keyName, noSuchKey, readKey } from './keys.ts';
import type { Hop } from './route.ts';

/** One way to log in, and what it is called in a message. */
interface Offer {
  readonly name: string;
  readonly method: AuthenticationType;
  readonly attempt: AnyAuthMethod;
}

/** An agent answers at once, or it hangs; and then there may still be a key file. */
const AGENT_MS = 3000;

/** The ways to log in at one host, in order: agent, key files, password. */
export interface Login {
  /** What ssh2 asks after every refusal; false: there is nothing left. */
  next(left: readonly AuthenticationType[] | null): AnyAuthMethod | false;
  /** Why the host let nobody in. */
  refused(): Fault;
}

/** Everything that can fail before the host is spoken to fails here: a wrong passphrase, a key that is not there. */
export async function login(hop: Hop, deadline: Deadline): Promise<Login> {
  const files = keyFiles(hop);
  const agent = await agentOffer(hop, files, deadline);
  const offers = [...agent.offers, ...fileOffers(hop, files, agent.held), ...passwordOffers(hop)];
  const notes = [...agent.notes, ...fileNotes(hop, files)];
  if (offers.length === 0) throw nothingToOffer(hop, notes);

  const tried: string[] = [];
  const untaken = new Set<string>();
  let accepts: readonly AuthenticationType[] = [];
  let asked = false;
  return {
    next(left) {
      // 'none' is always refused, counts for nothing, and the refusal says what the host takes.
      if (!asked) {
        asked = true;
        return { type: 'none', username: hop.user };
      }
      accepts = left ?? [];
      for (let offer = offers.shift(); offer !== undefined; offer = offers.shift()) {
        if (accepts.includes(offer.method)) {
          tried.push(offer.name);
          return offer.attempt;
        }
        untaken.add(`${offer.name} (not taken there)`);
      }
      return false;
    },
    refused: () => refused(hop, tried, [...untaken, ...notes], accepts),
  };
}

function keyFiles(hop: Hop): readonly KeyFile[] {
  const { passphrase } = hop.settings;
  if (hop.key === undefined) return hop.usualKeys.flatMap((path) => readKey(path, passphrase) ?? []);
  const key = readKey(hop.key, passphrase);
  if (key === undefined) throw noSuchKey(hop.key).of(hop.label);
  return [key];
}

interface AgentOffer {
  readonly offers: readonly Offer[];
  readonly notes: readonly string[];
  readonly held: readonly Buffer[];
}

async function agentOffer(hop: Hop, files: readonly KeyFile[], deadline: Deadline): Promise<AgentOffer> {
  const { agent } = hop;
  if ('none' in agent) return { offers: [], notes: [`no agent (${agent.none})`], held: [] };
  const patience = deadline.within(AGENT_MS, 'the agent');
  const answer = await settle(() => agentKeys(agent.socket, patience));
  patience.done();
  if (!answer.ok) {
    const note = `the agent at ${agent.socket} does not answer`;
    if (!agent.chosen) return { offers: [], notes: [note], held: [] };
    throw new Fault({
      code: 'ssh.agent-missing',
      message: `${hop.label}: ${note}`,
      hint: 'Start it, or correct ssh.agent; under cron an agent must be named by a socket that stays.',
      cause: answer.fault,
    });
  }
  const keys = chosenKeys(hop, files, answer.value);
  if (keys.length === 0) {
    const what = answer.value.length === 0 ? 'holds no key' : 'does not hold the key';
    return { offers: [], notes: [`the agent at ${agent.socket} ${what}`], held: [] };
  }
  const names = keys.map((key) => keyName(key.getPublicSSH()));
  return {
    offers: [
      {
        name: `agent (${names.join(', ')})`,
        method: 'publickey',
        attempt: { type: 'agent', username: hop.user, agent: agentOffering(agent.socket, keys) },
      },
    ],
    notes: [],
    held: keys.map((key) => key.getPublicSSH()),
  };
}

/** Those of the key files first: a host ends the talk after six keys that it does not know. */
function chosenKeys(hop: Hop, files: readonly KeyFile[], keys: readonly ParsedKey[]): readonly ParsedKey[] {
  const publicKeys = files.flatMap((file) => file.publicKey ?? []);
  const ours = (key: ParsedKey): boolean => publicKeys.some((known) => known.equals(key.getPublicSSH()));
  const preferred = keys.filter(ours);
  const exclusive = hop.onlyThese || (hop.key !== undefined && publicKeys.length > 0);
  return exclusive ? preferred : [...preferred, ...keys.filter((key) => !ours(key))];
}

function fileOffers(hop: Hop, files: readonly KeyFile[], held: readonly Buffer[]): readonly Offer[] {
  return files.flatMap((file): readonly Offer[] => {
    const { path, publicKey, use } = file;
    if (publicKey !== undefined && held.some((key) => key.equals(publicKey))) return [];
    if (!(use instanceof Fault)) {
      const name = `key ${path} (${keyName(use.getPublicSSH())})`;
      return [{ name, method: 'publickey', attempt: { type: 'publickey', username: hop.user, key: use } }];
    }
    // The topology's own key cannot be used: that is the answer, whatever else there is to try.
    if (hop.key !== undefined) throw use.of(hop.label);
    return [];
  });
}

function fileNotes(hop: Hop, files: readonly KeyFile[]): readonly string[] {
  const unusable = files.flatMap((file) => (file.use instanceof Fault ? [file.use.message] : []));
  if (files.length > 0) return unusable;
  const folders = new Map<string, string[]>();
  for (const path of hop.usualKeys) folders.set(dirname(path), [...(folders.get(dirname(path)) ?? []), basename(path)]);
  return [...folders].map(([folder, names]) => `no key file in ${folder} (${names.join(', ')})`);
}

function passwordOffers(hop: Hop): readonly Offer[] {
  const { password } = hop.settings;
  if (password === undefined) return [];
  const username = hop.user;
  return [
    { name: 'password', method: 'password', attempt: { type: 'password', username, password: password.reveal() } },
    {
      name: 'password',
      method: 'keyboard-interactive',
      attempt: {
        type: 'keyboard-interactive',
        username,
        // What is echoed is not a password: a question for a user name or a one-time code gets no secret of ours.
        prompt: (_name, _text, _language, prompts, finish) =>
          finish(prompts.map((prompt) => (prompt.echo === true ? '' : password.reveal()))),
      },
    },
  ];
}

function nothingToOffer(hop: Hop, notes: readonly string[]): Fault {
  return new Fault({
    code: 'ssh.no-credentials',
    message: `${hop.label}: nothing to log in with as ${hop.user}: ${notes.join('; ')}; no password`,
    hint: 'Set ssh.key to a private key file that the host accepts.',
  });
}

function refused(
  hop: Hop,
  tried: readonly string[],
  notes: readonly string[],
  accepts: readonly AuthenticationType[],
): Fault {
  const list = (words: readonly string[]): string => words.join(', ') || 'nothing';
  const also = notes.length === 0 ? '' : `; not tried: ${notes.join('; ')}`;
  return new Fault({
    code: 'ssh.login-refused',
    message:
      `${hop.label}: the host does not let ${hop.user} in; tried: ${list(tried)}${also}; ` +
      `it takes ${list(accepts)}`,
    hint: `sshd's log there says why. A key belongs into the authorized_keys of ${hop.user}.`,
  });
}
