import { describe, expect, it } from 'vitest';
import { makes } from '../../../src/cli/makes.ts';
import { excerpt } from '../../../src/topology/excerpt.ts';
import { topologyJsonSchema } from '../../../src/topology/json-schema.ts';
import { parseTopology } from '../../../src/topology/read.ts';
import { isSecretKey, meansSecret } from '../../../src/topology/secret-key.ts';

const SECRET = 'hunter2';
const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----';

/** A line of `vsphere`, of an array, of an `ssh`, of a VM, and of the file, with something wrong beside it. */
const PLACES: Readonly<Record<string, (line: string) => string>> = {
  vsphere: (line) => file({ vsphere: line }),
  array: (line) => file({ array: line }),
  ssh: (line) => file({ ssh: line }),
  vm: (line) => file({ vm: line }),
  file: (line) => `${line}\n${file({})}`,
};

/** What a tired person writes, with the secret in it. */
const LINES: readonly string[] = [
  `pasword: ${SECRET}`,
  `passwort: ${SECRET}`,
  `PASSWORD: ${SECRET}`,
  `password: ${SECRET}`,
  `pw: ${SECRET}`,
  `pasword: 12345${SECRET}`,
  `password=${SECRET}`,
  `password ${SECRET}`,
  `password:${SECRET}`,
  `password: { ${SECRET} }`,
  `password: { value: ${SECRET} }`,
  `password: { ${SECRET}: }`,
  `password: { ${SECRET}, ${SECRET} }`,
  `password: { env: "${SECRET}!" }`,
  `username: { env: "${SECRET}!" }`,
  `password: [${SECRET}]`,
  `password: *${SECRET}`,
  `password: &${SECRET}`,
  `password: !${SECRET} x`,
  `password: |${SECRET}`,
  `password: "${SECRET}`,
  `password: '${SECRET}`,
  `password: @${SECRET}`,
  `password: "\\${SECRET}"`,
  `password: [${SECRET}`,
  `password: %${SECRET}`,
  `password: ${SECRET}: x`,
  `? ${SECRET}`,
  `x: { ${SECRET} }`,
  `host: root:${SECRET}@mail01`,
  `host: ssh://root:${SECRET}@mail01`,
  `jump: root:${SECRET}@bastion`,
  `jump: root:${SECRET}@bastion:22,other`,
  `user: root:${SECRET}`,
  `url: https://root:${SECRET}@vc.example/sdk`,
  `url: root:${SECRET}@vc.example`,
  `url: root:${SECRET}@vc.example # ${SECRET}`,
  `key: "${KEY}\\n${SECRET}"`,
  `key: |\n      ${KEY}\n      ${SECRET}\n      -----END OPENSSH PRIVATE KEY-----`,
  `key: ${KEY}\n${SECRET}\n-----END OPENSSH PRIVATE KEY-----`,
  `tls: { ca: "${KEY}${SECRET}" }`,
];

function file({ vsphere = '', array = '', ssh = '', vm = '' }): string {
  return `version: 2
vsphere:
  url: vc.example
  ${vsphere}
  nonsense: 1
arrays:
  fast:
    driver: btrfs
    root: /srv/luns
    local: true
    ${array}
    nonsense: 1
vms:
  mail01:
    quiesce: fsfreeze
    ${vm}
    nonsense: 1
    ssh:
      user: stillpoint
      ${ssh}
      nonsense: 1
groups:
  mail: { vms: [mail01], nonsense: 1 }
`;
}

describe('what a broken topology is answered with', () => {
  it.each(LINES)('repeats nothing of the secret in %j, wherever that stands', (line) => {
    for (const [place, around] of Object.entries(PLACES)) {
      for (const twice of [line, `${line}\n${line}`]) {
        for (const text of [around(twice), `${around(twice)}\tx: [\n`, `${around(twice)}\0`]) {
          const { findings } = parseTopology(text, 'stillpoint.yaml', makes, { env: {} });
          expect(findings.length, place).toBeGreaterThan(0);
          const told = findings.map((finding) => excerpt(finding)).join('\n');
          expect(`${told}${JSON.stringify(findings)}`, `${place}: ${line}`).not.toContain(SECRET);
        }
      }
    }
  });
});

describe('a key', () => {
  it('of the topology is not taken for a misspelt secret', () => {
    const keys = new Set<string>();
    const walk = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      for (const [key, value] of Object.entries(node)) {
        if (key === 'properties') for (const name of Object.keys(Object(value))) keys.add(name);
        walk(value);
      }
    };
    walk(topologyJsonSchema(makes));
    expect(keys.size).toBeGreaterThan(80);
    expect([...keys].filter((key) => meansSecret(key) !== isSecretKey(key))).toEqual([]);
  });

  it.each(['pasword', 'passwrod', 'pass_word', 'tokn', 'Passphrse', 'secrt'])('%s is', (key) => {
    expect(meansSecret(key)).toBe(true);
  });
});
