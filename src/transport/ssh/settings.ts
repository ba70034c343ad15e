import { z } from 'zod';
import type { Secret } from '../../base/secret.ts';
import { type SecretRef, secretRef } from '../../base/secret-ref.ts';
import { hostFault, jumpFault } from './words.ts';

/**
 * How one host is reached. What is absent comes from the OpenSSH client's configuration for that host, then from
 * OpenSSH's own defaults. `Held` is what a secret is by now: a reference in the file, the secret itself afterwards.
 */
export interface SshSettings<Held = Secret> {
  readonly host: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  /** A private key file. Given, it is the only key that is tried, from the file or through the agent. */
  readonly key?: string | undefined;
  readonly passphrase?: Held | undefined;
  readonly password?: Held | undefined;
  /** The agent's socket; false: use none. Absent or true: what SSH_AUTH_SOCK or the configuration names. */
  readonly agent?: string | boolean | undefined;
  /** Instead of the files that OpenSSH reads. */
  readonly knownHosts?: string | readonly string[] | undefined;
  /** The host key's fingerprint, 'SHA256:…': then a known_hosts file counts only for what it revokes. */
  readonly hostKey?: string | undefined;
  /** '[user@]host[:port]', several with commas, the nearest first; 'none' where the configuration names one. */
  readonly jump?: string | undefined;
  /** An OpenSSH client configuration to read instead of the user's and the system's; false: read none. */
  readonly config?: string | false | undefined;
  /** Time between two keep-alives, '2s'; three without an answer, and the line counts as lost. */
  readonly keepAlive?: string | undefined;
  /** Run everything through `sudo -n`. */
  readonly sudo?: boolean | undefined;
}

/** Keys of the settings that are paths: relative to the topology file, `~` is the home of who runs it. */
export const SSH_PATHS = ['key', 'knownHosts', 'agent', 'config'] as const;

const USER = /^[^\s@:-][^\s@:]*$/;

const PORT = ' must be 1 to 65535\nLeave it out for 22, or what ssh_config says.';

const word = z.string().min(1);

function telling(
  faultIn: (written: string) => string | undefined,
): (written: string, context: z.RefinementCtx) => void {
  return (written, context) => {
    const message = faultIn(written);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  };
}

/** `ssh:` in the topology, as written. */
export const sshSettings = z.strictObject({
  host: z.string().superRefine(telling(hostFault)).describe('Name or address to connect to'),
  port: z.int().min(1, PORT).max(65535, PORT).describe('Default: 22, or what ssh_config says').optional(),
  user: z
    .string()
    .regex(USER, ' must be a user name, without : and @\nWrite user: NAME; a password has a key of its own.')
    .describe('Login; default: what ssh_config says')
    .optional(),
  key: word.describe('Private key file').optional(),
  passphrase: secretRef.describe('Passphrase of the key').optional(),
  password: secretRef.describe('Password; a key is better').optional(),
  agent: z.union([word, z.boolean()]).describe("The agent's socket, or false for none").optional(),
  knownHosts: z
    .union([word, z.array(word).min(1)])
    .describe('known_hosts file(s) to trust instead of the usual ones')
    .optional(),
  hostKey: z
    .string()
    .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, 'a fingerprint as ssh-keygen -l prints it: SHA256:…')
    .describe('Fingerprint of the host key, instead of known_hosts')
    .optional(),
  jump: word
    .superRefine(telling(jumpFault))
    .describe('[user@]host[:port] to go through; several with commas')
    .optional(),
  config: z
    .union([word, z.literal(false)])
    .describe("ssh_config to read instead of the user's; false: none")
    .optional(),
  keepAlive: z
    .string()
    .regex(/^\d+(\.\d+)?(ms|s)$/, 'a duration with its unit, 2s')
    // None at all would leave a dead line unnoticed for hours.
    .refine((written) => keepAliveMs(written) >= 100, 'at least 100ms')
    .describe('Time between keep-alives; default 2s')
    .optional(),
  sudo: z.boolean().describe('Run everything through sudo -n').optional(),
}) satisfies z.ZodType<SshSettings<SecretRef>>;

/** '2s' and '500ms', which the schema has checked, in ms. */
export function keepAliveMs(written = '2s'): number {
  return Number.parseFloat(written) * (written.endsWith('ms') ? 1 : 1000);
}
