import ssh2, { type BaseAgent, type ParsedKey } from 'ssh2';
import { beforeDeadline, type Deadline } from '../../base/deadline.ts';

/** The keys that an agent holds and that we can speak of; rejects when it does not answer. */
export function agentKeys(socket: string, deadline: Deadline): Promise<readonly ParsedKey[]> {
  const asked = new Promise<readonly ParsedKey[]>((resolve, reject) => {
    new ssh2.OpenSSHAgent(socket).getIdentities((error, keys) => {
      if (error) reject(error);
      else resolve((keys ?? []).filter((key): key is ParsedKey => 'type' in key));
    });
  });
  return beforeDeadline(asked, deadline);
}

/** An agent that is asked for these of its keys only, in this order. */
export function agentOffering(socket: string, keys: readonly ParsedKey[]): BaseAgent<ParsedKey> {
  const agent = new ssh2.OpenSSHAgent(socket);
  agent.getIdentities = (give) => give(undefined, [...keys]);
  return agent;
}
