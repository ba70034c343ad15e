import { SaxesParser } from 'saxes';
import { Fault } from '../base/fault.ts';
import { quoted } from '../base/quoted.ts';

/** A small piece of an answer: one managed object, one fault. Names are without prefix, text is never interpreted. */
export interface Element {
  readonly name: string;
  /** xsi:type, without prefix: 'VirtualDisk'. */
  readonly xsiType?: string;
  /** The attribute `type`: the kind of a managed object reference. */
  readonly refType?: string;
  /** Its own characters, untrimmed: '007' stays '007'. */
  readonly text: string;
  readonly children: readonly Element[];
}

export interface ReaderOptions {
  /** Elements of this name below `returnval` are given to `taken` as soon as they end, and kept nowhere. */
  readonly take?: string;
  readonly taken?: (element: Element) => void;
}

/** What an honest answer never reaches, even of the largest vCenter; a hostile one must not cost the memory. */
const LIMITS = { depth: 64, textCharacters: 1_000_000, characters: 32_000_000, elements: 1_000_000 } as const;

/**
 * Reads XML as it arrives. Only what is between two `take`n elements is in memory: an inventory of 10,000 VMs never
 * becomes a tree. Refuses a document type, because entities are how a small answer becomes a large one.
 */
export function xmlReader(options: ReaderOptions = {}): { write(text: string): void; end(): Element } {
  const parser = new SaxesParser({ xmlns: false, position: false });
  const open: Growing[] = [];
  let root: Element | undefined;
  let elements = 0;
  let characters = 0;
  let pending = 0;

  const keep = (count: number): void => {
    characters += count;
    if (characters > LIMITS.characters) throw malformed(`more than ${LIMITS.characters} characters in one piece`);
  };
  parser.on('error', (error) => {
    throw malformed(error.message.replace(/^undefined:/, ''));
  });
  parser.on('doctype', () => {
    throw malformed('it declares a document type, which no vSphere answer does');
  });
  parser.on('opentag', (tag) => {
    pending = 0;
    elements += 1;
    if (open.length >= LIMITS.depth) throw malformed(`elements nested deeper than ${LIMITS.depth}`);
    if (elements > LIMITS.elements) throw malformed(`more than ${LIMITS.elements} elements in one piece`);
    const element = begin(tag.name, tag.attributes);
    keep(element.name.length + (element.xsiType?.length ?? 0) + (element.refType?.length ?? 0));
    open.push(element);
  });
  const append = (text: string): void => {
    pending = 0;
    const current = open.at(-1);
    if (current === undefined) return;
    current.text += text;
    if (current.text.length > LIMITS.textCharacters) throw overlong();
    keep(text.length);
  };
  parser.on('text', append);
  parser.on('cdata', append);
  parser.on('closetag', () => {
    pending = 0;
    const element = open.pop();
    if (element === undefined) return;
    const parent = open.at(-1);
    element.text = element.children.length > 0 ? '' : ownCopy(element.text);
    if (parent === undefined) root = element;
    else if (element.name === options.take && parent.name === 'returnval') {
      elements = open.length;
      characters = 0;
      options.taken?.(element);
    } else parent.children.push(element);
  });

  return {
    write(text) {
      pending += text.length;
      parser.write(text);
      // The parser collects characters until the next tag: one that never comes must not fill the memory.
      if (pending > LIMITS.textCharacters) throw overlong();
    },
    end() {
      parser.close();
      if (root === undefined) throw malformed('it is empty');
      return root;
    },
  };
}

interface Growing extends Element {
  text: string;
  children: Element[];
}

function begin(qualified: string, attributes: Readonly<Record<string, string>>): Growing {
  const element: Growing & { xsiType?: string; refType?: string } = {
    name: unprefixed(qualified),
    text: '',
    children: [],
  };
  for (const [key, value] of Object.entries(attributes)) {
    // Servers choose the prefix of xsi as they like; vSphere has no other attribute called `type` with one.
    if (key === 'type') element.refType = ownCopy(value);
    else if (key.endsWith(':type')) element.xsiType = ownCopy(unprefixed(value));
  }
  return element;
}

/**
 * A string that is cut out of a longer one keeps all of that in memory (V8: from 13 characters on): a name of each VM would
 * keep the whole answer.
 */
function ownCopy(cut: string): string {
  return cut.length < SHORTEST_CUT ? cut : Buffer.from(cut, 'utf8').toString('utf8');
}

const SHORTEST_CUT = 13;

function unprefixed(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function malformed(why: string): Fault {
  return new Fault({
    code: 'vsphere.malformed',
    message: `the answer is not XML that vSphere sends: ${quoted(why)}`,
    hint: 'Check with a browser what answers at this address; a proxy in between may have changed it.',
  });
}

function overlong(): Fault {
  return malformed(`text of more than ${LIMITS.textCharacters} characters`);
}

// ---- writing

/** Text or attribute value as XML. Characters that XML cannot carry are refused, never dropped. */
export function escaped(text: string): string {
  const bad = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.exec(text);
  if (bad !== null) {
    throw new Fault({
      code: 'vsphere.malformed',
      message: 'a value holds a control character, which XML cannot carry',
    });
  }
  return text.replace(/[&<>"\r]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? '&#13;');
}

/** `<name>text</name>`; the text is escaped. */
export function leaf(name: string, text: string | number | boolean, xsiType?: string): string {
  return `<${name}${typed(xsiType)}>${escaped(String(text))}</${name}>`;
}

/** `<name>…</name>` around elements that are written already. */
export function branch(name: string, parts: readonly string[], xsiType?: string): string {
  return `<${name}${typed(xsiType)}>${parts.join('')}</${name}>`;
}

function typed(xsiType: string | undefined): string {
  return xsiType === undefined ? '' : ` xsi:type="${xsiType}"`;
}
