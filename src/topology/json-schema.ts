import { z } from 'zod';
import type { Makes } from './makes.ts';
import { topologySchema } from './schema.ts';
import { isSecretKey } from './secret-key.ts';

type Node = Readonly<Record<string, unknown>>;

/**
 * The topology as JSON Schema 2020-12, for editors. It says less than the reader: what hangs together in two places is
 * checked only there.
 */
export function topologyJsonSchema(makes: Makes): Node {
  const { $schema, ...schema } = z.toJSONSchema(topologySchema(makes), { io: 'input', target: 'draft-2020-12' });
  const root = withVariables(schema, []);
  return {
    $schema,
    title: 'Stillpoint topology',
    ...(isNode(root) ? root : {}),
    patternProperties: { '^x-': { description: 'Yours: a place for anchors' } },
    $defs: {
      variable: {
        description: 'What an environment variable holds',
        type: 'object',
        properties: { env: { type: 'string', minLength: 1, description: 'Its name' } },
        required: ['env'],
        additionalProperties: false,
      },
    },
  };
}

/** Where `fill` takes `{ env: NAME }` in place of text, the schema does. `path` names keys of the topology only. */
function withVariables(node: unknown, path: readonly string[]): unknown {
  if (Array.isArray(node)) return node.map((item) => withVariables(item, path));
  if (!isNode(node)) return node;
  const key = path.at(-1) ?? '';
  if (isSecretKey(key)) return node;
  if (node.type === 'string' && node.const === undefined) {
    const { description, ...text } = node;
    const either = { anyOf: [text, { $ref: '#/$defs/variable' }] };
    if (!takesVariables(path)) return node;
    return description === undefined ? either : { description, ...either };
  }
  const inner = Object.entries(node).map(([word, value]): readonly [string, unknown] => {
    if (word === 'properties' && isNode(value)) {
      const named = Object.entries(value).map(
        ([name, member]) => [name, withVariables(member, [...path, name])] as const,
      );
      return [word, Object.fromEntries(named)];
    }
    if (word === 'additionalProperties') return [word, withVariables(value, [...path, '*'])];
    return [word, HOLD_SCHEMAS.has(word) ? withVariables(value, path) : value];
  });
  return Object.fromEntries(inner);
}

const HOLD_SCHEMAS: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf', 'items', 'prefixItems']);

function takesVariables(path: readonly string[]): boolean {
  return path[0] === 'vsphere' || path[0] === 'arrays' || path.slice(0, -1).includes('ssh');
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
