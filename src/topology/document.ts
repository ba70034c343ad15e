import { Composer, type CST, Parser } from 'yaml';
import { type Problem, problem } from './problem.ts';
import type { Spot } from './spot.ts';
import { DEEPEST, spotsOf, tooDeep } from './spots.ts';
import { syntaxProblem } from './syntax.ts';

/** What follows the first few syntax errors is mostly their echo. */
const MOST_SYNTAX_ERRORS = 5;

export interface Read {
  /** Absent: what stands there is no YAML, or nothing. */
  readonly root?: Spot;
  readonly problems: readonly Problem[];
}

/** The text as values with places; aliases followed, `<<` merged. Never throws, and never grows beyond its bounds. */
export function readDocument(text: string): Read {
  const tokens = [...new Parser().parse(text)];
  // The composer is recursive, and a stack that overflows inside the regular expression compiler ends the whole
  // process (yaml 2.9.1, Node 20, November 2026): so the depth is measured on the tokens, which are not.
  if (nesting(tokens) > DEEPEST) return { problems: [tooDeep(0)] };
  const [document, second] = [...new Composer({ uniqueKeys: false, prettyErrors: false }).compose(tokens)];
  const errors = [...(document?.errors ?? []), ...(document?.warnings ?? [])].map(syntaxProblem);
  if (second !== undefined) errors.push(secondDocument(second.range[0]));
  if (errors.length > 0) return { problems: errors.slice(0, MOST_SYNTAX_ERRORS) };
  const contents = document?.contents ?? undefined;
  return contents === undefined ? { problems: [empty()] } : spotsOf(contents);
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
