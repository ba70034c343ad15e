import type { CST } from 'yaml';
import { DEEPEST } from './spots.ts';

/** How deep tokens are nested; no deeper than is counted. */
export function nesting(tokens: readonly CST.Token[]): number {
  let depth = 0;
  for (let level = tokens; level.length > 0 && depth <= DEEPEST; depth += 1) level = level.flatMap(childrenOf);
  return depth;
}

/** What was opened and not closed. */
export interface Unclosed {
  readonly what: 'quote' | 'bracket';
  /** Where it was opened. */
  readonly offset: number;
  /** What would close it. */
  readonly by: string;
}

/** A quoted text that runs to the end of the file, else the innermost bracket that nothing, or another kind, closes. */
export function unclosedIn(tokens: readonly CST.Token[]): Unclosed | undefined {
  let bracket: Unclosed | undefined;
  for (let level = tokens; level.length > 0; level = level.flatMap(childrenOf)) {
    for (const token of level) {
      if (token.type === 'double-quoted-scalar' || token.type === 'single-quoted-scalar') {
        const [quote = '', ...rest] = token.source;
        if (rest.at(-1) !== quote) return { what: 'quote', offset: token.offset, by: quote };
      }
      if (token.type !== 'flow-collection') continue;
      const by = token.start.source === '[' ? ']' : '}';
      if (token.end[0]?.source !== by) bracket = { what: 'bracket', offset: token.offset, by };
    }
  }
  return bracket;
}

function childrenOf(token: CST.Token): readonly CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!('items' in token)) return [];
  const children: CST.Token[] = [];
  for (const { key, value } of token.items) {
    if (key !== undefined && key !== null) children.push(key);
    if (value !== undefined) children.push(value);
  }
  return children;
}
