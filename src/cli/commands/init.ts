import { resolve } from 'node:path';
import { deadline } from '../../base/deadline.ts';
import { EXIT, Fault } from '../../base/fault.ts';
import { byNearness } from '../../base/nearest.ts';
import { type InitSource, initFromVsphere, oneLine } from '../../inventory/init.ts';
import { placementReader } from '../../inventory/reader.ts';
import type { Finding } from '../../model.ts';
import { wrap } from '../../ui/text.ts';
import { type ConnectionSettings, connectionOf } from '../../vsphere/settings.ts';
import { tellFindings } from '../findings.ts';
import { durationFlag, usage } from '../flags.ts';
import type { Session } from '../session.ts';
import type { Args } from '../verb.ts';

/** What `stillpoint init` prints: a topology to fill in, which already passes `check --offline`. */
export function initText(): string {
  return `# A topology for Stillpoint: which guests lie on which arrays, and how each is held still.
#   stillpoint check --offline    reads this file only          stillpoint plan all        what a run would do
#   stillpoint check              looks at everything           stillpoint snapshot all    takes one set
# An editor that completes it: stillpoint schema > stillpoint.schema.json, and as the first line of this file
#   # yaml-language-server: $schema=./stillpoint.schema.json
version: 1

vsphere: # a vCenter, or one ESXi host
  url: https://vcenter.example/sdk
  username: svc-stillpoint@vsphere.local # a read-only role is enough
  password: { env: VC_PASSWORD } # or { file: PATH } or { command: [pass, show, vc] }; never the password itself
  # tls: { ca: vcenter-ca.pem } # or { fingerprint: "SHA256:AB:CD:…" }

arrays: # a name of your choice, and how it is spoken to
  fast:
    driver: command # any array with a command line; also btrfs, reflink
    ssh: { host: fast.example, user: stillpoint }
    snapshot: { run: [arraycli, snapshot-create, --volume, <volume>, --name, <snapshot>] }
    answers: cut # exit 0 means that the snapshot exists
    find: { run: [arraycli, snapshot-list], row: '^(?<volume>\\S+) (?<snapshot>\\S+) (?<id>\\S+) (?<unixtime>\\d+)$' }
    remove: { run: [arraycli, snapshot-remove, --volume, <volume>, --name, <snapshot>], gone: "no such snapshot" }

# tiers: # what should lie where; a disk that lies elsewhere is a finding
#   tier-1: { arrays: [fast], expect: [rdm] }

volumes: # which volume is which LUN, for arrays that cannot be asked; the NAA as vSphere shows it
  mail_data: { array: fast, naa: naa.600a098038304437415d4b6a59676d41 }

defaults: # every VM starts from this
  ssh: { user: stillpoint } # key, knownHosts, port, …; what is left out comes from ~/.ssh/config
  quiesce: { method: fsfreeze, mounts: auto } # every local file system but /; also script, none

vms: # by their names in vSphere
  mail01: { ssh: { host: mail01.example } }
  # web01: { quiesce: none } # no hold: cut as it is

groups: # VMs that are snapshotted at one instant
  all:
    vms: [mail01]
    window: 8s # no guest is still for longer
    keep: { last: 7 } # whole sets; the last good one always stays
`;
}

interface Flags {
  readonly url?: string;
  readonly username?: string;
  readonly ca?: string;
  readonly fingerprint?: string;
}

export async function run(session: Session, names: Args, flags: Flags): Promise<number> {
  const vms = names.filter((name) => name !== undefined);
  if (vms.length > 0) return fromVsphere(session, vms, flags);
  print(session, initText());
  return EXIT.done;
}

/** As it is, also with --quiet: it is what was asked for. */
function print({ cli, flags, output }: Session, text: string): void {
  if (flags.json === true) output.document([], { type: 'init', text });
  else cli.stdout.write(text);
}

/** What was found is printed all the same; what was not is said, and in the exit code. */
async function fromVsphere(session: Session, names: readonly string[], flags: Flags): Promise<number> {
  const { clock, env, interrupt, waits } = session.cli;
  const settings = { ...settingsOf(flags), written: 'flags' as const };
  const { url, username } = connectionOf(settings, env);
  const limit = deadline(clock, durationFlag('--timeout', session.flags.timeout ?? '2m'), 'asking vSphere', interrupt);
  const named = <T>(work: () => Promise<T>): Promise<T> => waits.during('vSphere', limit, work);
  const reader = await named(() => placementReader(settings, { clock, environment: env }, limit));
  try {
    const wanted = names.map((name) => ({ vm: name.split('/').at(-1) ?? name, wanted: name }));
    const placement = await named(() => reader.read(wanted, limit));
    const told = await withNames(placement.findings, () => reader.vmNames(limit));
    const errors = told.filter(({ severity }) => severity === 'error');
    const [first] = placement.vms.length === 0 ? errors : [];
    if (first !== undefined) {
      const hint = first.hint === undefined ? {} : { hint: first.hint };
      throw new Fault({ code: first.code, message: `${first.subject}: ${first.message}`, ...hint });
    }
    tellFindings(session, reader.unchecked ? told.filter(isOfTrust) : errors);
    const said = errors.map(({ subject, message }) => `# ${oneLine(`${subject}: ${message}`)}\n`).join('');
    const seen = { fingerprint: reader.certificate, unchecked: true } as const;
    const tls = reader.unchecked ? seen : writtenTrust(flags);
    print(
      session,
      said + initFromVsphere(placement, { url: url.href, username, ...(tls === undefined ? {} : { tls }) }),
    );
    const isThere = (name: string): boolean => placement.vms.some(({ vm }) => vm === name);
    return wanted.every(({ vm }) => isThere(vm)) ? EXIT.done : EXIT.notPrepared;
  } finally {
    limit.done();
    await reader.close();
  }
}

const NAMES_LISTED = 60;

/** Whoever mistypes a name, or knows none, is shown what there is; asked for only then. */
async function withNames(
  findings: readonly Finding[],
  namesOf: () => Promise<readonly string[]>,
): Promise<readonly Finding[]> {
  const unknown = findings.filter(({ code }) => code === 'vsphere.vm-not-found');
  if (unknown.length === 0) return findings;
  const names = await namesOf();
  const most = Math.max(5, Math.floor(NAMES_LISTED / unknown.length));
  return findings.map((finding) => {
    if (finding.code !== 'vsphere.vm-not-found' || names.length === 0) return finding;
    const near = byNearness(finding.subject, names).slice(0, most);
    const more = names.length > near.length ? ` and ${names.length - near.length} more` : '';
    const listed = wrap(`${near.join(', ')}${more}`, LIST_WIDTH, '  ').join('\n');
    return { ...finding, hint: `${finding.hint ?? ''}\nVMs there, the nearest first:\n${listed}` };
  });
}

const LIST_WIDTH = 72;

/** What stops nothing, and is said all the same: that nobody looked whom the password went to. */
function isOfTrust({ severity, code }: Finding): boolean {
  return severity === 'error' || code === 'vsphere.unchecked-certificate';
}

function settingsOf({ url, username, ca, fingerprint }: Flags): ConnectionSettings {
  return {
    ...(url === undefined ? {} : { url }),
    ...(username === undefined ? {} : { username }),
    ...(ca === undefined ? {} : { tls: { ca } }),
    ...(fingerprint === undefined ? {} : { tls: { fingerprint: fingerprintOf(fingerprint) } }),
  };
}

/** A path from the root: the topology may come to lie in another folder than this one. */
function writtenTrust({ ca, fingerprint }: Flags): InitSource['tls'] {
  if (fingerprint === undefined) return ca === undefined ? undefined : { ca: resolve(ca) };
  const pairs = fingerprintOf(fingerprint).toUpperCase().match(/../g) ?? [];
  return { fingerprint: `SHA256:${pairs.join(':')}` };
}

/** As `openssl x509 -fingerprint -sha256` prints it, with or without `SHA256:` and colons. */
function fingerprintOf(text: string): string {
  const hex = text
    .replace(/^sha256:/i, '')
    .replaceAll(':', '')
    .toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  throw usage('--fingerprint is not a SHA-256 of a certificate', 'Write its 64 hex digits, with or without colons.');
}
