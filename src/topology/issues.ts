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
      const better = branch !== undefined && (message === '' || branch.some(isNearMiss));
      if (better) return branch.flatMap((inner) => problemsOf(inner, path, root));
      return [said('value', path, message, hint, offsetOf(root, path, 'at the value'))];
    }
    default: {
      const code = message.startsWith(' is missing') ? 'missing' : 'value';
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
  const refusal = branch.find((issue) => issue.path.length === 0);
  const kind = refusal?.code === 'invalid_type' ? 1000 : refusal?.code === 'invalid_value' ? 500 : 0;
  return kind + branch.length - (branch.some(isNearMiss) ? 100 : 0);
}

function isNearMiss(issue: Issue): boolean {
  return issue.message.includes(DID_YOU_MEAN);
}
