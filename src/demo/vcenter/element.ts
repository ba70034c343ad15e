import { SaxesParser } from 'saxes';

/** A request is small: it may be a tree. Names without their prefixes. */
export interface Element {
  readonly name: string;
  /** 'type' is the plain attribute (of a reference), 'xsi:type' the class. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  readonly text: string;
}

interface Growing {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: Growing[];
  text: string;
}

/** Throws where the text is not well-formed XML. */
export function parseXml(xml: string): Element {
  const parser = new SaxesParser();
  const root: Growing = { name: '', attributes: {}, children: [], text: '' };
  const open: Growing[] = [root];
  parser.on('doctype', () => {
    throw new Error('a document type is not accepted');
  });
  parser.on('opentag', (tag) => {
    const element: Growing = { name: local(tag.name), attributes: {}, children: [], text: '' };
    for (const [name, value] of Object.entries(tag.attributes)) {
      // Prefixes are the client's choice; of all attributes only xsi:type has one that matters.
      element.attributes[/:type$/.test(name) ? 'xsi:type' : name] = value;
    }
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('text', (text) => {
    const innermost = open.at(-1);
    if (innermost !== undefined) innermost.text += text;
  });
  parser.on('closetag', () => {
    open.pop();
  });
  parser.write(xml).close();
  const [first] = root.children;
  if (first === undefined) throw new Error('no element');
  return first;
}

export function child(of: Element, name: string): Element | undefined {
  return of.children.find((element) => element.name === name);
}

export function childrenOf(of: Element, name: string): readonly Element[] {
  return of.children.filter((element) => element.name === name);
}

export function textOf(of: Element, name: string): string | undefined {
  return child(of, name)?.text;
}

export function textsOf(of: Element, name: string): readonly string[] {
  return childrenOf(of, name).map((element) => element.text);
}

/** An absent flag is false. */
export function flag(of: Element, name: string): boolean {
  const said = textOf(of, name);
  return said === 'true' || said === '1';
}

export function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
