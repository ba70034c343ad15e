import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { initText } from '../../../src/cli/commands/init.ts';
import { schemaText } from '../../../src/cli/commands/schema.ts';
import { makes } from '../../../src/cli/makes.ts';
import { parseTopology } from '../../../src/topology/read.ts';

const EXAMPLES = new URL('../../../examples/', import.meta.url);
const files = readdirSync(EXAMPLES)
  .filter((name) => name.endsWith('.yaml'))
  .map((name): readonly [string, string] => [name, readFileSync(new URL(name, EXAMPLES), 'utf8')]);
const texts: readonly (readonly [string, string])[] = [...files, ['what init prints', initText()]];

const valid = new Ajv2020({ strict: true, strictRequired: false, strictTuples: false, allErrors: true }).compile(
  JSON.parse(schemaText(makes)),
);

describe('the examples', () => {
  it('are those that the documentation names', () => {
    expect(files.map(([name]) => name).sort()).toEqual([
      'ceph-command.yaml',
      'demo.yaml',
      'lab.yaml',
      'minimal.yaml',
      'small-shop.yaml',
      'two-tier.yaml',
    ]);
  });

  it.each(texts)('%s is read without a finding, with no variable set and no secret read', (name, text) => {
    const { topology, findings } = parseTopology(text, name, makes, { env: {} });
    expect(findings).toEqual([]);
    expect(topology?.groups.size).toBeGreaterThan(0);
  });

  it.each(texts)('%s is valid against the JSON Schema', (_, text) => {
    expect(valid(parse(text, { merge: true })) ? [] : valid.errors).toEqual([]);
  });

  it.each(texts)('%s fits on a screen of 120 columns', (_, text) => {
    expect(text.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });
});

describe('the JSON Schema', () => {
  const [, minimal] = files.find(([name]) => name === 'minimal.yaml') ?? ['', ''];

  it.each([
    ['an unknown key', minimal.replace('version: 1', 'version: 1\nverson: 1')],
    ['a wrong version', minimal.replace('version: 1', 'version: 2')],
    ['a literal password', minimal.replace('{ env: VC_PASSWORD }', 'hunter2')],
    ['an unknown driver', minimal.replace('driver: reflink', 'driver: refluk')],
    ['a key of another driver', minimal.replace('root:', 'remove: {}\n    root:')],
    ['an unknown method', minimal.replace('method: fsfreeze', 'method: fsfreze')],
    ['an empty group', minimal.replace('[app01]', '[]')],
    ['a window without a unit', minimal.replace('vms: [app01]', 'vms: [app01], window: 8')],
    ['a volume without a device', minimal.replaceAll(/, naa: naa\.\w+/g, '')],
    ['include', minimal.replace('version: 1', 'version: 1\ninclude: [a.yaml]')],
    ['no groups', minimal.replace(/groups:.*/s, '')],
  ])('refuses %s', (_, text) => {
    expect(text).not.toBe(minimal);
    expect(valid(parse(text))).toBe(false);
  });

  it.each([
    ['a variable in place of text under an array', minimal.replace('root: /srv/luns', 'root: { env: ROOT }')],
    ['a variable in place of a host', minimal.replace('host: app01.corp.example', 'host: { env: HOST }')],
    ['keys of your own that begin with x-', minimal.replace('version: 1', 'version: 1\nx-mine: [1]')],
    ['a method as a word', minimal.replace(/quiesce: .*/, 'quiesce: none')],
    ['a list of methods', minimal.replace(/quiesce: (.*)/, 'quiesce: [none, $1]')],
  ])('takes %s, as the reader does', (_, text) => {
    expect(text).not.toBe(minimal);
    expect(valid(parse(text)) ? [] : valid.errors).toEqual([]);
    expect(parseTopology(text, 'a.yaml', makes, { env: { ROOT: '/srv', HOST: 'h' } }).findings).toEqual([]);
  });
});
