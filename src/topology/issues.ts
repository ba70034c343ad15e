import type { z } from 'zod';
import { keyOf, type Problem, problem, subjectOf } from './problem.ts';
import { offsetOf, type Path, type Spot } from './spot.ts';
import { DID_YOU_MEAN, wordsFor } from './words.ts';

type Issue = z.core.$ZodIssue;

/** What the schema has against the value, each as a problem at its place in the tree that the value was made from. */
export function schemaProblems(schema: z.ZodType, value: unknown, root: Spot): readonly Problem[] {
  const { error } = schema.safeParse(value, { error: wordsFor });
  return (error?.issues ?? []).flatMap((issue) => problemsOf(issue, [], root));
}

function problemsOf(issue: Issue, above: Path, root: Spot): readonly Problem[] {
  const path = [...above, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  const [message = '', hint] = issue.message.split('\n');
  switch (issue.code) {
    case 'unrecognized_keys': {
      const hints = issue.message.split('\n');
      return issue.keys.map((key, index) => unknownKey([...path, key], hints[index], root));
    }
    case 'invalid_key':
      return [
        said(
          'bad-name',
          path,
          `: ${issue.issues[0]?.message ?? message}`,
          undefined,
          offsetOf(root, path, 'at the key'),
        ),
      ];
    case 'invalid_union': {
      const branch = closest(issue.errors);
      if (branch?.some(isNearMiss)) {
        const misses = branch.filter((inner) => !isMissing(inner));
        return misses.flatMap((inner) => problemsOf(inner, path, root));
      }
      if (branch !== undefined && message === '') return branch.flatMap((inner) => problemsOf(inner, path, root));
      return [said('value', path, message, hint, offsetOf(root, path, 'at the value'))];
    }
    default: {
      const code = isMissing(issue) ? 'missing' : 'value';
      return [said(code, path, message, hint, offsetOf(root, path, 'at the value'))];
    }
  }
}

function unknownKey(path: Path, hint: string | undefined, root: Spot): Problem {
  return said('unknown-key', path, ' is not a key here', hint, offsetOf(root, path, 'at the key'));
}

function said(code: string, path: Path, message: string, hint: string | undefined, offset: number): Problem {
  const key = keyOf(path);
  const joined = message.startsWith(' ') ? message : `: ${message.replace(/^: /, '')}`;
  return problem({
    code: `topology.${code}`,
    subject: subjectOf(path),
    message: key === '' ? joined.replace(/^: | /, '') : `\`${key}\`${joined}`,
    ...(hint === undefined ? {} : { hint }),
    offset,
  });
}

/** The branch of a union that the value was meant for: one that does not already refuse its kind, then the least wrong. */
function closest(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const [first] = [...branches].sort((a, b) => cost(a) - cost(b));
  return first;
}

function cost(branch: readonly Issue[]): number {
  return Math.max(...branch.map(refusal)) + branch.length - (branch.some(isNearMiss) ? 100 : 0);
}

/** How far an issue refuses the very kind of the value, and not something in it. */
function refusal(issue: Issue): number {
  if (issue.path.length > 0) return 0;
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    return Math.min(...issue.errors.map((branch) => Math.max(...branch.map(refusal))));
  }
  return issue.code === 'invalid_type' ? 1000 : issue.code === 'invalid_value' ? 500 : 0;
}

function isNearMiss(issue: Issue): boolean {
  if (issue.code === 'invalid_union' && issue.message === '') return closest(issue.errors)?.some(isNearMiss) === true;
  return issue.message.includes(DID_YOU_MEAN);
}

function isMissing(issue: Issue): boolean {
  return issue.message.startsWith(' is missing');
}
