import type { YAMLError } from 'yaml';
import { type Problem, problem } from './problem.ts';

/**
 * What the YAML parser stumbled over, in words for people who write YAML twice a year.
 * @param openedAt where the quotation mark stands that nothing closes: all after it is its echo
 */
export function syntaxProblems(errors: readonly YAMLError[], openedAt: number | undefined): readonly Problem[] {
  if (openedAt !== undefined)
    return [said(openedAt, 'this quotation mark is not closed', 'Close it where the text ends.')];
  return errors.map((error) => said(error.pos[0], ...wordsFor(error)));
}

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
