import type { z } from 'zod';
import { defined } from '../base/defined.ts';
import { keyOf, type Problem, problem, subjectOf } from './problem.ts';
import { offsetOf, type Path, type Spot } from './spot.ts';
import { DID_YOU_MEAN, wordsFor } from './words.ts';

type Issue = z.core.$ZodIssue;

interface Complaint {
  readonly kind: 'unknown-key' | 'missing' | 'bad-name' | 'value';
  readonly path: Path;
  /** Goes on after the key when it begins with a space. */
  readonly message: string;
  readonly hint?: string | undefined;
}

/** What the schema has against the value, each as a problem at its place in the tree that the value was made from. */
export function schemaProblems(schema: z.ZodType, value: unknown, root: Spot): readonly Problem[] {
  const { error } = schema.safeParse(value, { error: wordsFor });
  const complaints = (error?.issues ?? []).flatMap((issue) => complaintsOf(issue, []));
  return withoutEcho(complaints).map((complaint) => placed(complaint, root));
}

function complaintsOf(issue: Issue, above: Path): readonly Complaint[] {
  const path = [...above, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  const [message = '', ...below] = issue.message.split('\n');
  const hint = below.length === 0 ? undefined : below.join('\n');
  switch (issue.code) {
    case 'unrecognized_keys': {
      const hints = issue.message.split('\n');
      return issue.keys.map((key, index) => ({
        kind: 'unknown-key',
        path: [...path, key],
        message: ' is not a key here',
        hint: hints[index],
      }));
    }
    case 'invalid_key':
      return [{ kind: 'bad-name', path, message: issue.issues[0]?.message ?? message }];
    case 'invalid_union': {
      const branch = closest(issue.errors);
      const better = branch !== undefined && (message === '' || branch.some(isNearMiss));
      return better ? branch.flatMap((inner) => complaintsOf(inner, path)) : [{ kind: 'value', path, message, hint }];
    }
    default:
      return [{ kind: message.startsWith(' is missing') ? 'missing' : 'value', path, message, hint }];
  }
}

/** A key is not missing where it stands misspelt. */
function withoutEcho(complaints: readonly Complaint[]): readonly Complaint[] {
  const misspelt = new Set(
    complaints.flatMap(({ kind, path, hint }) => {
      const [, meant] = kind === 'unknown-key' ? (/`(.+)`/.exec(hint ?? '') ?? []) : [];
      return meant === undefined ? [] : [JSON.stringify([...path.slice(0, -1), meant])];
    }),
  );
  return complaints.filter(({ kind, path }) => kind !== 'missing' || !misspelt.has(JSON.stringify(path)));
}

function placed({ kind, path, message, hint }: Complaint, root: Spot): Problem {
  const key = keyOf(path);
  const points = kind === 'unknown-key' || kind === 'bad-name' ? 'at the key' : 'at the value';
  const joined = key === '' ? message.trimStart() : `\`${key}\`${message.startsWith(' ') ? '' : ': '}${message}`;
  return problem({
    code: `topology.${kind}`,
    subject: subjectOf(path),
    message: joined,
    ...defined({ hint }),
    offset: offsetOf(root, path, points),
  });
}

/** The branch of a union that the value was meant for: one that does not refuse its very kind, then the least wrong. */
function closest(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const [first] = [...branches].sort((a, b) => cost(a) - cost(b));
  return first;
}

function cost(branch: readonly Issue[]): number {
  return Math.max(...branch.map(refusal)) + branch.length - (branch.some(isNearMiss) ? 100 : 0);
}

/** How far an issue refuses the kind of the value, and not something in it. */
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
