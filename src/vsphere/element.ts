import type { Element } from './xml.ts';

/** A managed object: 'VirtualMachine:vm-12'. The id is opaque and may hold any character. */
export type Ref = `${string}:${string}`;

export function ref(type: string, id: string): Ref {
  return `${type}:${id}`;
}

export function refType(of: Ref): string {
  return of.slice(0, of.indexOf(':'));
}

export function refId(of: Ref): string {
  return of.slice(of.indexOf(':') + 1);
}

export function child(of: Element | undefined, name: string): Element | undefined {
  return of?.children.find((element) => element.name === name);
}

export function children(of: Element | undefined, name: string): readonly Element[] {
  return of === undefined ? [] : of.children.filter((element) => element.name === name);
}

/** Text of the element at the end of `path`; undefined where any part of it is absent. */
export function text(of: Element | undefined, ...path: readonly string[]): string | undefined {
  let current = of;
  for (const name of path) current = child(current, name);
  return current?.text;
}

export function flag(of: Element | undefined, ...path: readonly string[]): boolean {
  const value = text(of, ...path);
  return value === 'true' || value === '1';
}

export function integer(of: Element | undefined, ...path: readonly string[]): number | undefined {
  const value = text(of, ...path);
  return value !== undefined && /^-?\d{1,15}$/.test(value) ? Number(value) : undefined;
}

export function asRef(element: Element | undefined): Ref | undefined {
  return element?.refType === undefined ? undefined : ref(element.refType, element.text);
}

/** The items of an `ArrayOf…`: every child, whatever it is called. */
export function items(of: Element | undefined): readonly Element[] {
  return of?.children ?? [];
}

export function refs(of: Element | undefined): readonly Ref[] {
  return items(of).flatMap((element) => asRef(element) ?? []);
}
