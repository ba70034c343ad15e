import type { Deadline } from '../base/deadline.ts';
import { gather } from '../base/gather.ts';
import { canonicalJson } from '../base/json.ts';
import { Secret } from '../base/secret.ts';
import { type SecretRef, type Secrets, secretRef } from '../base/secret-ref.ts';
import type { Finding } from '../model.ts';
import { isSecretKey } from './secret-key.ts';
import { readSecret, type SecretSources } from './secret-sources.ts';
import type { Topology } from './topology.ts';

/** A reference and what needs it: 'array fast', 'token'. */
export interface WantedSecret {
  readonly subject: string;
  readonly key: string;
  readonly ref: SecretRef;
}

/** Every secret that vSphere, the arrays and these VMs (default: all) refer to. */
export function secretsIn(topology: Topology, vms: Iterable<string> = topology.vms.keys()): readonly WantedSecret[] {
  return [
    ...refsIn(topology.vsphere, 'vsphere'),
    ...[...topology.arrays.values()].flatMap(({ id, settings }) => refsIn(settings, `array ${id}`)),
    ...[...vms].flatMap((vm) => {
      const settings = topology.vms.get(vm);
      return [settings?.ssh, settings?.quiesce].flatMap((part) => refsIn(part, `vm ${vm}`));
    }),
  ];
}

/**
 * Reads each once, however often it is wanted: at the start of a run, before its lock. `secrets` is absent when one
 * could not be read. Findings name the variable, file or program, never what it gave.
 */
export async function readSecrets(
  wanted: readonly WantedSecret[],
  sources: SecretSources,
  deadline: Deadline,
): Promise<{ readonly secrets?: Secrets; readonly findings: readonly Finding[] }> {
  const distinct = new Map<string, WantedSecret>();
  for (const one of wanted) if (!distinct.has(idOf(one.ref))) distinct.set(idOf(one.ref), one);
  const held = new Map<string, Secret>();
  const findings: Finding[] = [];
  const outcomes = await gather([...distinct.values()], (one) => readSecret(one.ref, sources, deadline), 4);
  for (const [index, { subject, key, ref }] of [...distinct.values()].entries()) {
    const outcome = outcomes[index];
    if (outcome?.ok === false) {
      const { code, message, hint } = outcome.fault;
      const said = { code, severity: 'error', subject, message: `\`${key}\`: ${message}` } as const;
      findings.push(hint === undefined ? said : { ...said, hint });
    } else if (outcome !== undefined) {
      held.set(idOf(ref), new Secret(outcome.value.text));
      const { warning } = outcome.value;
      if (warning !== undefined) findings.push({ ...warning, severity: 'warning', subject });
    }
  }
  return held.size < distinct.size ? { findings } : { secrets: { of: (ref) => known(held, ref) }, findings };
}

function known(held: ReadonlyMap<string, Secret>, ref: SecretRef): Secret {
  const secret = held.get(idOf(ref));
  if (secret === undefined) throw new Error(`a secret that was not asked for: ${idOf(ref)}`);
  return secret;
}

function idOf(ref: SecretRef): string {
  return canonicalJson(ref);
}

function refsIn(value: unknown, subject: string): readonly WantedSecret[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const ref = isSecretKey(key) ? secretRef.safeParse(member).data : undefined;
    return ref === undefined ? refsIn(member, subject) : [{ subject, key, ref }];
  });
}
