import { EXIT } from '../../base/fault.ts';
import type { Command } from '../verb.ts';

/** What `stillpoint init` prints: a topology to fill in, which already passes `check --offline`. */
export function initText(): string {
  return `# A topology for Stillpoint: which guests lie on which arrays, and how each is held still.
#   stillpoint check --offline    reads this file only          stillpoint plan mail       what a run would do
#   stillpoint check              looks at everything           stillpoint snapshot mail   takes one set
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
  mail:
    vms: [mail01]
    window: 8s # no guest is still for longer
    keep: { last: 7 } # whole sets; the last good one always stays
`;
}

export const initCommand: Command = {
  name: 'init',
  summary: 'print a commented topology to begin with',
  about: 'stillpoint init > stillpoint.yaml',
  async run({ cli }) {
    cli.stdout.write(initText());
    return EXIT.done;
  },
};
