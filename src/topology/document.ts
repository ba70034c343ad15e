import { Composer, type CST, Parser } from 'yaml';
import { type Problem, problem } from './problem.ts';
import { type Ranges, rangesOf } from './ranges.ts';
import type { Spot } from './spot.ts';
import { DEEPEST, spotsOf, tooDeep } from './spots.ts';
import { syntaxProblems } from './syntax.ts';

/** What follows the first few syntax errors is mostly their echo. */
const MOST_SYNTAX_ERRORS = 5;

export interface Read {
  /** Absent: what stands there is no YAML, or nothing. */
  readonly root?: Spot;
  readonly problems: readonly Problem[];
  /** What of the text may be shown; absent: nothing of it was parsed. */
  readonly ranges?: Ranges;
}

/** The text as values with places; aliases followed, `<<` merged. Never throws, and never grows beyond its bounds. */
export function readDocument(text: string): Read {
  const tokens = [...new Parser().parse(text)];
  // The composer is recursive, and a stack that overflows inside the regular expression compiler ends the whole
  // process (yaml 2.9.1, Node 20, November 2026): so the depth is measured on the tokens, which are not.
  if (nesting(tokens) > DEEPEST) return { problems: [tooDeep(0)] };
  const [document, second] = [...new Composer({ uniqueKeys: false, prettyErrors: false }).compose(tokens)];
  const contents = document?.contents ?? undefined;
  const ranges = rangesOf(contents ?? null, text);
  const errors = [...(document?.errors ?? []), ...(document?.warnings ?? [])];
  const broken = syntaxProblems(errors.slice(0, MOST_SYNTAX_ERRORS), errors.length > 0 ? openQuote(tokens) : undefined);
  if (broken.length > 0) return { problems: broken, ranges };
  if (second !== undefined) return { problems: [secondDocument(second.range[0])], ranges };
  return contents === undefined ? { problems: [empty()] } : { ...spotsOf(contents), ranges };
}

function nesting(tokens: readonly CST.Token[]): number {
  let depth = 0;
  let level: readonly CST.Token[] = tokens;
  while (level.length > 0 && depth <= DEEPEST) {
    level = level.flatMap(childrenOf);
    depth += 1;
  }
  return depth;
}

/** Where a quoted text begins that runs to the end of the file. */
function openQuote(tokens: readonly CST.Token[]): number | undefined {
  for (let level = tokens; level.length > 0; level = level.flatMap(childrenOf)) {
    for (const token of level) {
      if (token.type !== 'double-quoted-scalar' && token.type !== 'single-quoted-scalar') continue;
      const [quote, ...rest] = token.source;
      if (rest.at(-1) !== quote) return token.offset;
    }
  }
  return undefined;
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

function empty(): Problem {
  return problem({
    code: 'topology.empty',
    subject: 'topology',
    message: 'the file holds nothing',
    hint: 'A first topology to fill in: stillpoint init',
  });
}

function secondDocument(offset: number): Problem {
  return problem({
    code: 'topology.second-document',
    subject: 'topology',
    message: 'a second document begins here; a topology is one',
    hint: 'Take out the line with ---.',
    offset,
  });
}
