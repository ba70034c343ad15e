import { describe, expect, it } from 'vitest';
import { makes } from '../../../src/cli/makes.ts';
import type { Finding } from '../../../src/model.ts';
import { parseTopology } from '../../../src/topology/read.ts';

const NAA = 'naa.600a098038304437415d4b6a59676d41';
const GOOD = `version: 1
vsphere: { url: https://vc.example/sdk, username: ops@vsphere.local, password: { env: VC_PASSWORD } }
arrays:
  fast: { driver: btrfs, local: true, root: /srv/luns, parallel: 4 }
volumes:
  mail_data: { array: fast, naa: ${NAA} }
vms:
  mail01: { ssh: { host: mail01.example, port: 22, user: root }, quiesce: { method: fsfreeze, mounts: [/srv/mail] } }
  db01: { ssh: { host: db01.example }, quiesce: fsfreeze }
groups:
  mail: { vms: [mail01, db01], window: 8s, keep: { last: 7 } }
`;
const section = (name: string): string => new RegExp(`^${name}:\n(?: {2}.*\n)+`, 'm').exec(GOOD)?.[0] ?? '';
const [ARRAYS, VMS, GROUPS, VOLUMES] = ['arrays', 'vms', 'groups', 'volumes'].map(section) as [
  string,
  string,
  string,
  string,
];

interface Row {
  /** What stands in the good file, and what stands there instead. */
  readonly good: string;
  readonly bad: string;
  readonly says: string;
  /** A part of the hint, which `then` obeys; left out: the message itself says what to do. */
  readonly hint?: string;
  /** Default: what stood there. */
  readonly then?: string;
}

const row = (good: string, bad: string, says: string, hint?: string, then?: string): Row => ({
  ...{ good, bad, says },
  ...(hint === undefined ? {} : { hint }),
  ...(then === undefined ? {} : { then }),
});

const ROWS: readonly Row[] = [
  // Addresses
  row(
    'host: db01.example',
    'host: db01.example:2222',
    'the port has a key of its own',
    'host: db01.example, port: 2222',
  ),
  row(
    'host: db01.example',
    'host: root@db01.example',
    'the user has a key of its own',
    'host: db01.example, user: NAME',
  ),
  row('host: db01.example', 'host: ssh://db01.example', 'not a URL', 'Write host: db01.example.'),
  row('host: db01.example', 'host: https://db01.example:22/x', 'not a URL', 'host: db01.example, port: 22'),
  row('host: db01.example', 'host: "[fe80::1]"', 'without brackets', 'host: "fe80::1"', 'host: "fe80::1"'),
  row('host: db01.example', 'host: "[fe80::1]:22"', 'without brackets', 'host: "fe80::1", port: 22'),
  row('host: db01.example', 'host: db01 .example', 'must be a host name or an address', 'Write it alone'),
  row('host: db01.example', 'host: ""', 'must be a host name or an address', 'Write it alone'),
  row('host: db01.example', 'host: .nan', 'must be text', 'Put it in quotes', 'host: ".nan"'),
  row('host: db01.example', 'host: 10', 'must be text', 'Put it in quotes', 'host: "10"'),
  row('host: db01.example', 'host: mаil.example', 'another script: its 2nd character is U+0430', 'Type it again'),
  row('port: 22', 'port: 70000', 'must be 1 to 65535', 'Leave it out', 'agent: false'),
  row('port: 22', 'port: 0', 'must be 1 to 65535', 'Leave it out', 'agent: false'),
  row('port: 22', 'port: "22"', 'must be a number, not text', 'Take the quotes off'),
  row('port: 22', 'port: ssh', 'must be a number, not text', 'Write digits'),
  row('port: 22', 'port: .nan', '.nan and .inf are none', 'Write a number'),
  row('port: 22', 'port: 22.5', 'must be a whole number'),
  row('port: 22', 'port:', 'has no value', 'Give it one'),
  row('user: root', 'user: ro:ot', 'must be a user name', 'Write user: NAME'),
  row(
    'user: root',
    'jump: bastion host',
    'must be [user@]host[:port]',
    'Write jump: root@bastion.example:22',
    'jump: root@bastion.example:22',
  ),
  row('user: root', 'jump: root@bastion:99999', 'a port that is none', '1 to 65535', 'jump: root@bastion:9999'),
  row('user: root', 'jump: root:word@bastion', 'carries a password', 'Take the password out', 'jump: root@bastion'),
  row('https://vc.example/sdk', 'http://vc.example/sdk', 'begins with https://', 'Write https://'),
  row('https://vc.example/sdk', '"https://vc .example"', 'no address', 'Write https://'),
  row('https://vc.example/sdk', 'vc.example:99999', 'no address', 'Write https://'),
  row('https://vc.example/sdk', 'https://ops:word@vc.example', 'carries a password', 'Take it out'),
  row('https://vc.example/sdk', 'ops:word@vc.example', 'carries a password', 'Take it out'),
  // Secrets
  row('{ env: VC_PASSWORD }', '{ env: $VC_PASSWORD }', 'without its $', 'Write { env: VC_PASSWORD }'),
  row('{ env: VC_PASSWORD }', '{ env: "$VC_PASSWORD" }', 'without its $', 'Write { env: VC_PASSWORD }'),
  row('{ env: VC_PASSWORD }', '{ env: $' + '{VC_PASSWORD} }', 'a $ before a bracket', 'Write { env: NAME }'),
  row('{ env: VC_PASSWORD }', '{ env: "my word!" }', 'no variable can be called that', 'Write the name, VC_PASSWORD'),
  row('{ env: VC_PASSWORD }', '{ env: "" }', 'no variable can be called that', 'Write the name, VC_PASSWORD'),
  row('{ env: VC_PASSWORD }', '{ env: 5 }', 'must be text', 'Put it in quotes', '{ env: VC5 }'),
  row('{ env: VC_PASSWORD }', '$VC_PASSWORD', 'written out in the file', 'Write { env: VC_PASSWORD }'),
  row('{ env: VC_PASSWORD }', 'word', 'written out in the file', 'Write { env: VC_PASSWORD }'),
  row(
    '{ env: VC_PASSWORD }',
    '{ command: pass show vc }',
    'must be a list',
    'Put it in brackets',
    '{ command: [pass, show, vc] }',
  ),
  row('{ env: VC_PASSWORD }', '{ env: A, file: b }', 'may have only one of env, file, command'),
  row('{ env: VC_PASSWORD }', '{}', 'must have one of env, file, command'),
  row('{ env: VC_PASSWORD }', '', 'has no value', 'Give it one'),
  row('password: { env: VC_PASSWORD }', 'pasword: { env: VC_PASSWORD }', 'not a key here', 'Did you mean `password`?'),
  row('password: { env: VC_PASSWORD }', 'pasword: word', 'not a key here', '{ env: NAME }'),
  row(
    'user: root',
    'key: "-----BEGIN OPENSSH PRIVATE KEY-----"',
    'a private key is written out',
    'name that file here',
    'key: ~/.ssh/id_ed25519',
  ),
  // Devices
  row(NAA, '600a098038304437415d4b6a59676d41', '16 or 32 hex digits', `Write naa: ${NAA}.`),
  row(NAA, '60:0a:09:80:38:30:44:37:41:5d:4b:6a:59:67:6d:41', '16 or 32 hex digits', `Write naa: ${NAA}.`),
  row(NAA, 'naa.60:0a:09:80:38:30:44:37:41:5d:4b:6a:59:67:6d:41', '16 or 32 hex digits', `Write naa: ${NAA}.`),
  row(NAA, '0x600a098038304437415d4b6a59676d41', 'must be text, not a number', 'naa.…'),
  row(NAA, '3600a098038304437415d4b6a59676d41', '16 or 32 hex digits', `Write naa: ${NAA}.`),
  row(NAA, '/dev/disk/by-id/wwn-0x600a098038304437415d4b6a59676d41', '16 or 32 hex digits', `Write naa: ${NAA}.`),
  row(NAA, '600A0980-38304437-415D4B6A-59676D41', '16 or 32 hex digits', `Write naa: ${NAA}.`),
  row(NAA, 'naa.600a0980', '16 or 32 hex digits', 'Copy it from vSphere'),
  row(NAA, '6006016012345678', 'must be text, not a number', 'naa.…', 'naa.6006016012345678'),
  row(
    `naa: ${NAA}`,
    `naa: eui.${NAA.slice(4)}`,
    '16 or 32 hex digits',
    `Write eui: eui.${NAA.slice(4)}.`,
    `eui: eui.${NAA.slice(4)}`,
  ),
  row(
    `naa: ${NAA}`,
    `eui: ${NAA.slice(4)}`,
    '16 or 32 hex digits',
    `Write eui: eui.${NAA.slice(4)}.`,
    `eui: eui.${NAA.slice(4)}`,
  ),
  row(`naa: ${NAA}`, 'nfs: filer/vol', 'an export is SERVER:/PATH', undefined, 'nfs: filer:/vol'),
  row(`, naa: ${NAA}`, '', 'no device is named', 'naa: naa.…'),
  row(`naa: ${NAA}`, `naa: ${NAA}, nfs: "filer:/vol"`, 'more than one device', 'Write one of'),
  row('array: fast, ', '', 'no array is named', 'Add array: NAME'),
  row('array: fast', 'array: fsat', 'no array fsat', 'Did you mean `fast`?'),
  // Numbers and times
  row('parallel: 4', 'parallel: .nan', '.nan and .inf are none', 'Write a number'),
  row('parallel: 4', 'parallel: -.inf', '.nan and .inf are none', 'Write a number'),
  row('parallel: 4', 'parallel: 900', 'must be at most 64', undefined, 'parallel: 64'),
  row('parallel: 4', 'parallel: 0', 'must be at least 1', undefined, 'parallel: 1'),
  row('last: 7', 'last: .nan', '.nan and .inf are none', 'Write a number'),
  row('last: 7', 'last: all', 'must be a number, not text', 'Write digits'),
  row('keep: { last: 7 }', 'keep: 7', 'must be a map', 'Its keys: last', 'keep: { last: 7 }'),
  row('keep: { last: 7 }', 'keep:', 'has no value', 'Give it one'),
  row('window: 8s', 'window: .nan', 'a number and a unit'),
  row('window: 8s', 'window: 8', 'needs a unit: 8s'),
  row('window: 8s', 'window: 8sec', 'a number and a unit'),
  row('window: 8s', 'window: 1s', 'too short', 'at least 2s', 'window: 2s'),
  row('version: 1', 'version: 2', 'must be 1', 'Write version: 1'),
  row('version: 1', 'version: 1.0.0', 'must be 1', 'Write version: 1'),
  row('version: 1', 'version: "1"', 'must be 1', 'Take the quotes off'),
  row('version: 1\n', '', 'is missing; it must be 1', 'Write version: 1 as the first line'),
  // YAML
  row('  fast: {', '\tfast: {', 'a tab stands where YAML wants spaces', 'two spaces for every tab'),
  row(VMS, VMS.replaceAll('  ', '\t'), 'here and in 1 more line', 'two spaces for every tab'),
  row(
    GOOD.slice(GOOD.indexOf('arrays:')),
    GOOD.slice(GOOD.indexOf('arrays:')).replaceAll('\n  ', '\n\t'),
    'here and in 4 more lines',
    'two spaces for every tab',
  ),
  row('[mail01, db01]', '[mail01, db01', 'this bracket is not closed', 'Close it with ]'),
  row('[mail01, db01]', '[mail01, db01}', 'this bracket is not closed', 'Close it with ]'),
  row('parallel: 4 }', 'parallel: 4', 'this bracket is not closed', 'Close it with }'),
  row('last: 7 } }', 'last: 7 }', 'this bracket is not closed', 'Close it with }'),
  row('[/srv/mail] } }', '[/srv/mail } }', 'this bracket is not closed', 'Close it with ]'),
  row('[/srv/mail] } }', '[/srv/mail] } } }', 'never opened', 'Take it out'),
  row(
    'https://vc.example/sdk',
    '"https://vc.example/sdk',
    'quotation mark is not closed',
    'Close it where the text ends',
    '"https://vc.example/sdk"',
  ),
  row('window: 8s', 'window', 'a word without its `: VALUE`', 'Write KEY: VALUE'),
  // Letters
  row(
    'version',
    'vеrsion',
    '`vеrsion` has a letter of another script: its 2nd character is U+0435',
    'Type it again: version',
  ),
  row('ssh: { host: db01.example }', 'sѕh: { host: db01.example }', 'another script', 'Type it again: ssh'),
  row('[mail01,', '[mаil01,', 'no VM mаil01', 'a letter of another script in this one: its 2nd character is U+0430'),
  row('window: 8s', 'windοw: 8s', 'another script: its 5th character is U+03BF', 'Type it again: window'),
  // Mount points
  row('[/srv/mail]', '[/proc]', 'the kernel makes this one', 'Take it out', '[/srv/mail]'),
  row('[/srv/mail]', '[/srv/mail, /sys/fs/cgroup]', 'the kernel makes this one', 'Take it out'),
  row('[/srv/mail]', '[/srv/mail, /dev/shm]', 'the kernel makes this one', 'Take it out'),
  row('[/srv/mail]', '[/srv/mail, /srv/mail]', 'in the list already', 'Take it out here'),
  row('[/srv/mail]', '[/srv/mail/]', 'without a slash at its end', 'Write /srv/mail.'),
  row('[/srv/mail]', '[srv/mail]', 'an absolute path', 'Write /srv/mail.'),
  row('[/srv/mail]', '[]', 'is an empty list', 'mounts: auto', 'auto'),
  row('[/srv/mail]', '/srv/mail', 'must be auto or a list', 'Put it in brackets'),
  row('[/srv/mail]', 'atuo', 'must be auto', 'Did you mean `auto`?', 'auto'),
  // What is not there
  row(VMS, 'vms:\n', '`vms` has nothing in it', 'mail01: { ssh: { host: mail01.example }, quiesce: fsfreeze }'),
  row(VMS, 'vms: {}\n', '`vms` has nothing in it', 'mail01: { ssh:'),
  row(VMS, '', '`vms` is missing', 'mail01: { ssh:'),
  row(
    ARRAYS + VOLUMES,
    'arrays:\n',
    '`arrays` has nothing in it',
    'fast: { driver: btrfs',
    'arrays:\n  fast: { driver: btrfs, local: true, root: /srv/luns }\n',
  ),
  row(
    ARRAYS + VOLUMES,
    'arrays: {}\n',
    '`arrays` has nothing in it',
    'fast: { driver: btrfs',
    'arrays:\n  fast: { driver: btrfs, local: true, root: /srv/luns }\n',
  ),
  row(GROUPS, 'groups:\n', '`groups` has nothing in it', 'mail: { vms: [mail01] }'),
  row(GROUPS, '', '`groups` is missing', 'mail: { vms: [mail01] }'),
  row('vms: [mail01, db01]', 'vms: []', 'has nothing to snapshot', 'Name at least one'),
  row('vms: [mail01, db01]', 'vms:', 'has nothing to snapshot', 'Name at least one'),
  row('vms: [mail01, db01], ', '', '`vms` is missing', 'Name at least one'),
  row('vms: [mail01, db01]', 'vms: mail01', 'must be a list', 'Put it in brackets'),
  row('vms: [mail01, db01]', 'vms: [mail01]', 'it is in no group', 'Add it to a group'),
  row('ssh: { host: db01.example }', 'ssh: {}', '`ssh.host` is missing', 'Add ssh: { host: NAME }'),
  row('ssh: { host: db01.example }', 'ssh:', 'has no value', 'Give it one'),
  row('ssh: { host: db01.example }', 'ssh: db01.example', 'must be a map', 'Its keys: host'),
  row('driver: btrfs, ', '', '`driver` is missing; it must be one of'),
  row('local: true, ', '', 'say where its commands run', undefined),
  row('local: true, ', 'local: true, ssh: { host: fast.example }, ', 'say where its commands run'),
  row(
    'local: true, ',
    'ssh: { host: fast.example }, variables: [TOKEN], ',
    'say where its commands run',
    undefined,
    'local: true, variables: [TOKEN], ',
  ),
  row('quiesce: fsfreeze', 'quiesce:', 'must be one of'),
  row('quiesce: fsfreeze', 'quiesce: []', 'an empty list'),
  row('quiesce: fsfreeze', 'quiesce: fsfreze', 'must be one of', 'Did you mean `fsfreeze`?'),
];

describe('a remedy that is obeyed', () => {
  it.each(ROWS)('mends $bad, and leads to nothing else', ({ good, bad, says, hint, then = good }) => {
    const at = GOOD.indexOf(good);
    expect(at, `the good file has ${good}`).toBeGreaterThanOrEqual(0);
    const around = (text: string): string => GOOD.slice(0, at) + text + GOOD.slice(at + good.length);
    const findings = read(around(bad));
    expect(findings.map(({ message }) => message)).toEqual([expect.stringContaining(says)]);
    if (hint !== undefined) expect(findings[0]?.hint).toContain(hint);
    expect(read(around(then))).toEqual([]);
  });

  it('is there for more than a hundred mistakes', () => {
    expect(ROWS.length).toBeGreaterThan(100);
  });
});

function read(text: string): readonly Finding[] {
  return parseTopology(text, 'stillpoint.yaml', makes, { env: {} }).findings;
}
