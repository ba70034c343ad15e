import type { YAMLError } from 'yaml';
import { count } from '../base/count.ts';
import { type Problem, problem } from './problem.ts';
import type { Unclosed } from './tokens.ts';

/** What follows the first few syntax errors is mostly their echo. */
const MOST_ERRORS = 5;

/**
 * What the YAML parser stumbled over, in words for people who write YAML twice a year. Of what all the rest is an echo of,
 * only that is said.
 * @param unclosed the quotation mark or bracket that nothing closes
 */
export function syntaxProblems(
  errors: readonly YAMLError[],
  unclosed: Unclosed | undefined,
  text: string,
): readonly Problem[] {
  if (unclosed?.what === 'quote')
    return [said(unclosed.offset, 'this quotation mark is not closed', 'Close it where the text ends.')];
  const tabs = errors.filter(({ code }) => code === 'TAB_AS_INDENT');
  if (tabs.length > 0) return [tabProblem(tabs, text)];
  if (unclosed !== undefined) {
    const hint = `Close it with ${unclosed.by} where what it holds ends.`;
    return [said(unclosed.offset, 'this bracket is not closed', hint)];
  }
  const lost = errors.findIndex(({ code }) => code === 'UNEXPECTED_TOKEN');
  return errors
    .slice(0, lost < 0 ? MOST_ERRORS : lost + 1)
    .map((error) => said(error.pos[0], ...(isDollar(error, text) ? DOLLAR : wordsFor(error))));
}

/** An editor that puts tabs puts them everywhere. */
function tabProblem(tabs: readonly YAMLError[], text: string): Problem {
  const lines = text.split('\n').filter((line) => /^ *\t/.test(line)).length;
  const [first] = tabs;
  const more = lines > 1 ? `, here and in ${count(lines - 1, 'more line')}` : '';
  return said(first?.pos[0] ?? 0, `a tab stands where YAML wants spaces${more}`, 'Put two spaces for every tab.');
}

/** `${NAME}`, as in a shell, opens a map in the middle of a word. */
function isDollar(error: YAMLError, text: string): boolean {
  return text.slice(error.pos[0] - 1, error.pos[0] + 1) === '${';
}

const DOLLAR = ['a $ before a bracket means nothing here', 'Write { env: NAME }, without $.'] as const;

function said(offset: number, message: string, hint?: string): Problem {
  const about = { code: 'topology.syntax', subject: 'topology', message, offset };
  return problem(hint === undefined ? about : { ...about, hint });
}

function wordsFor({ code, message }: YAMLError): readonly [string, string?] {
  switch (code) {
    case 'TAB_AS_INDENT':
      return ['a tab stands where YAML wants spaces', 'Indent with spaces.'];
    case 'MISSING_CHAR':
      return missing(message);
    case 'BAD_INDENT':
      return message.startsWith('Flow')
        ? ['a bracket is not closed before the next line begins', 'Close it with } or ].']
        : ['this line is not indented like the others of its map or list', 'Line it up with them.'];
    case 'BLOCK_AS_IMPLICIT_KEY':
      return ['a second KEY: on one line', 'Put it on a line of its own, or text with a colon in quotes.'];
    case 'BAD_SCALAR_START':
      return ['text cannot begin with this character', 'Put the text in quotes.'];
    case 'MULTILINE_IMPLICIT_KEY':
      return ['a key without its colon', 'Write KEY: VALUE.'];
    case 'BAD_DQ_ESCAPE':
      return ['an unknown \\ escape between double quotes', "Use single quotes: '…' keeps \\ as it is."];
    case 'TAG_RESOLVE_FAILED':
      return ['a !tag means nothing here', 'Take it out, or put the text in quotes.'];
    case 'MULTIPLE_ANCHORS':
      return ['more than one &anchor at one value', 'Keep one of them.'];
    case 'UNEXPECTED_TOKEN':
      return /flow-(?:map|seq)-end/.test(message)
        ? ['a bracket is closed here that was never opened', 'Take it out.']
        : [`this cannot be read as YAML (${reasonIn(message)})`];
    case 'BAD_ALIAS':
      return ['* begins an alias, and no name follows', 'Put the text in quotes if the * belongs to it.'];
    default:
      return [`this cannot be read as YAML (${reasonIn(message)})`];
  }
}

function missing(message: string): readonly [string, string?] {
  if (/end with a [}\]]/.test(message)) return ['a bracket is not closed', 'Close it with } or ].'];
  if (message.includes('space')) return ['a space is missing', 'YAML wants one after : and , and before #.'];
  return [`something is missing (${reasonIn(message)})`];
}

/** Behind a colon the parser repeats what it has read. */
function reasonIn(message: string): string {
  return message.replace(/[:\n].*$/s, '').toLowerCase();
}
