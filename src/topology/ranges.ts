import { isAlias, isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import { isHarmless, isHarmlessKey } from './harmless.ts';
import { meansSecret } from './secret-key.ts';
import type { Path } from './spot.ts';

/** A part of the text, from its first character to the one behind its last. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Of the text of a file: what may be shown as it is, and what must not. What is in neither is not known. */
export interface Ranges {
  readonly shown: readonly Range[];
  readonly hidden: readonly Range[];
}

/** Of a text that could not be parsed at all. */
export const NO_RANGES: Ranges = { shown: [], hidden: [] };

/** Every key, value and alias that the parser found, also in a file that it could not read to its end. */
export function rangesOf(contents: ParsedNode | null, text: string): Ranges {
  const shown: Range[] = [];
  const hidden: Range[] = [];
  if (contents !== null) look(contents, []);
  return { shown, hidden };

  function look(node: ParsedNode, path: Path): void {
    if (isAlias(node)) {
      put(node, !path.some((step) => meansSecret(String(step))));
      return;
    }
    if (node.anchor !== undefined) anchor(node.anchor, node.range[0], path);
    if (isSeq<ParsedNode>(node)) for (const [index, item] of node.items.entries()) look(item, [...path, index]);
    else if (isMap<ParsedNode, ParsedNode | null>(node)) for (const pair of node.items) entry(pair, path);
    else if (isScalar(node)) put(node, isEmpty(node) || isHarmless(path, node.value));
  }

  function entry({ key, value }: { readonly key: ParsedNode; readonly value: ParsedNode | null }, path: Path): void {
    const below = [...path, isScalar(key) ? String(key.source ?? key.value) : '?'];
    // Without its colon it may be a value.
    put(key, isScalar(key) && value !== null && isHarmlessKey(below));
    if (value !== null) look(value, below);
  }

  function anchor(name: string, before: number, path: Path): void {
    const start = text.lastIndexOf(`&${name}`, before);
    if (start >= 0) put({ range: [start, start + name.length + 1] }, !path.some((step) => meansSecret(String(step))));
  }

  /** By its text: a tag or a broken header makes something else of what stands there. */
  function isEmpty({ range: [start, end] }: ParsedNode): boolean {
    return /^(?:""|''|~|null)$/.test(text.slice(start, end));
  }

  function put({ range }: { readonly range: readonly number[] }, harmless: boolean): void {
    const [start = 0, end = start] = range;
    if (end > start) (harmless ? shown : hidden).push({ start, end });
  }
}
