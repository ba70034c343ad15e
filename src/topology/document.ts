import { Composer, Parser } from 'yaml';
import { type Problem, problem } from './problem.ts';
import { type Ranges, rangesOf } from './ranges.ts';
import type { Spot } from './spot.ts';
import { DEEPEST, spotsOf, tooDeep } from './spots.ts';
import { syntaxProblems } from './syntax.ts';
import { nesting, unclosedIn } from './tokens.ts';

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
  const broken = errors.length === 0 ? [] : syntaxProblems(errors, unclosedIn(tokens), text);
  if (broken.length > 0) return { problems: broken, ranges };
  if (second !== undefined) return { problems: [secondDocument(second.range[0])], ranges };
  return contents === undefined ? { problems: [empty()] } : { ...spotsOf(contents), ranges };
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
