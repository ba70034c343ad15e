import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../src/base/fault.ts';
import { text } from '../../../src/vsphere/element.ts';
import { branch, type Element, escaped, leaf, xmlReader } from '../../../src/vsphere/xml.ts';

function read(document: string, chunk = document.length): Element {
  const reader = xmlReader();
  for (let at = 0; at < document.length; at += chunk) reader.write(document.slice(at, at + chunk));
  return reader.end();
}

function refusal(work: () => unknown): Fault {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('no Fault');
}

describe('reading XML as it arrives', () => {
  test('text stays text: 007, true and 1e3 are not made into anything else', () => {
    const document = read('<a><b>007</b><b>true</b><b>1e3</b><b> x </b></a>');
    expect(document.children.map((child) => child.text)).toEqual(['007', 'true', '1e3', ' x ']);
  });

  test('xsi:type is known under any prefix, and is not the type of a reference', () => {
    const [element] = read(
      '<a><val xmlns:q="http://www.w3.org/2001/XMLSchema-instance" q:type="xsd:string" type="Folder">x</val></a>',
    ).children;
    expect(element).toMatchObject({ xsiType: 'string', refType: 'Folder' });
  });

  test('wherever the pieces are cut, the same is read', () => {
    const document = '<?xml version="1.0"?><s:a xmlns:s="u"><b t="1">ä&amp;&lt;ö&#10;</b><![CDATA[<raw>]]><c/></s:a>';
    const whole = read(document);
    for (let chunk = 1; chunk < 12; chunk += 1) expect(read(document, chunk)).toEqual(whole);
  });

  test('taken elements are handed over one by one and kept nowhere', () => {
    const taken: (string | undefined)[] = [];
    const reader = xmlReader({ take: 'objects', taken: (element) => taken.push(text(element, 'obj')) });
    reader.write('<r><returnval><token>t</token>');
    for (let index = 0; index < 3; index += 1)
      reader.write(`<objects><obj>vm-${index}</obj><objects>inner</objects></objects>`);
    reader.write('</returnval><objects>elsewhere</objects></r>');
    const document = reader.end();
    expect(taken).toEqual(['vm-0', 'vm-1', 'vm-2']);
    expect(document.children.map(({ name, children }) => [name, children.length])).toEqual([
      ['returnval', 1],
      ['objects', 0],
    ]);
  });

  test.each([
    ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'document type'],
    ['an unknown entity', '<a>&b;</a>', ''],
    ['nesting without end', '<a>'.repeat(100), 'nested deeper'],
    ['a text without end', `<a>${'x'.repeat(1_100_000)}</a>`, 'text of more than'],
    ['a tag without end', `<a ${'x'.repeat(1_100_000)}`, 'text of more than'],
    ['two roots', '<a/><b/>', ''],
    ['nothing', '', 'root element'],
    ['half a document', '<a><b>', ''],
  ])('%s is refused', (_, document, why) => {
    const fault = refusal(() => read(document, 50_000));
    expect(fault.code).toBe('vsphere.malformed');
    expect(fault.message).toContain(why);
  });
});

describe('writing XML', () => {
  test('what is written is read back as it was, whatever it is', () => {
    const character = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 1 })
      .filter((value) => /^[\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]$/u.test(value));
    const printable = fc.string({ unit: character });
    fc.assert(
      fc.property(printable, (value) => {
        expect(read(branch('a', [leaf('b', value)])).children[0]?.text).toBe(value);
      }),
    );
  });

  test('a character that XML cannot carry is refused, never dropped', () => {
    expect(refusal(() => escaped('a\u0000b')).code).toBe('vsphere.malformed');
  });
});

test('what is kept of an answer does not keep the answer', () => {
  const kept: string[] = [];
  const reader = xmlReader({
    take: 'objects',
    taken: ({ children }) => void kept.push(children[0]?.text ?? '', children[1]?.refType ?? ''),
  });
  const filler = 'x'.repeat(60_000);
  reader.write('<Envelope><Body><Response><returnval>');
  const before = heapAfterCollection();
  for (let vm = 0; vm < 300; vm += 1) {
    const name = `<name>a name of some length ${vm}</name>`;
    reader.write(`<objects>${name}<obj type="VirtualMachine">vm-${vm}</obj><rest>${filler}</rest></objects>`);
  }
  reader.write('</returnval></Response></Body></Envelope>');
  reader.end();
  expect(kept).toHaveLength(600);
  // All of it were 18 MB.
  expect(heapAfterCollection() - before).toBeLessThan(4_000_000);
});

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}
