/** The values of vim25, and how they are written on the wire. */

/** A managed object reference: 'VirtualMachine', 'vm-12'. */
export interface Ref {
  readonly type: string;
  readonly id: string;
}

export type Fields = Readonly<Record<string, Value | undefined>>;

export type Value =
  | { readonly kind: 'scalar'; readonly type: string; readonly text: string }
  | { readonly kind: 'ref'; readonly ref: Ref }
  /** Fields stand in the order of the WSDL's sequence: clients may insist on it. */
  | { readonly kind: 'data'; readonly type: string; readonly fields: Fields }
  | { readonly kind: 'list'; readonly of: string; readonly items: readonly Value[] };

export function text(value: string): Value {
  return { kind: 'scalar', type: 'xsd:string', text: value };
}

export function int(value: number): Value {
  return { kind: 'scalar', type: 'xsd:int', text: String(value) };
}

export function long(value: number | bigint): Value {
  return { kind: 'scalar', type: 'xsd:long', text: String(value) };
}

export function bool(value: boolean): Value {
  return { kind: 'scalar', type: 'xsd:boolean', text: String(value) };
}

/** @param value ISO 8601 */
export function date(value: string): Value {
  return { kind: 'scalar', type: 'xsd:dateTime', text: value };
}

export function enumeration(type: string, value: string): Value {
  return { kind: 'scalar', type, text: value };
}

export function reference(ref: Ref): Value {
  return { kind: 'ref', ref };
}

export function data(type: string, fields: Fields): Value {
  return { kind: 'data', type, fields };
}

/** @param of the element's name inside ArrayOf…: 'VirtualDevice', 'string' */
export function list(of: string, items: readonly Value[]): Value {
  return { kind: 'list', of, items };
}

export function references(refs: readonly Ref[]): Value {
  return list('ManagedObjectReference', refs.map(reference));
}

/** A field of a declared type; a list repeats it. */
export function field(name: string, value: Value | undefined): string {
  if (value === undefined) return '';
  switch (value.kind) {
    case 'scalar':
      return `<${name}>${escaped(value.text)}</${name}>`;
    case 'ref':
      return `<${name} type="${escaped(value.ref.type)}">${escaped(value.ref.id)}</${name}>`;
    case 'data':
      return `<${name} xsi:type="${value.type}">${fieldsOf(value.fields)}</${name}>`;
    case 'list':
      return value.items.map((item) => field(name, item)).join('');
  }
}

/** A field of type anyType: what it is must be said. */
export function anyField(name: string, value: Value): string {
  switch (value.kind) {
    case 'scalar':
      return `<${name} xsi:type="${value.type}">${escaped(value.text)}</${name}>`;
    case 'ref':
      return `<${name} type="${escaped(value.ref.type)}" xsi:type="ManagedObjectReference">${escaped(value.ref.id)}</${name}>`;
    case 'data':
      return field(name, value);
    case 'list':
      return `<${name} xsi:type="ArrayOf${capitalised(value.of)}">${field(value.of, value)}</${name}>`;
  }
}

export function fieldsOf(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => field(name, value))
    .join('');
}

export function refKey(ref: Ref): string {
  return `${ref.type}:${ref.id}`;
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export function escaped(raw: string): string {
  return raw.replace(/[&<>"]/g, (found) => ENTITIES[found] ?? found);
}
