import { isAlias, isMap, isScalar, isSeq, type ParsedNode, Scalar } from 'yaml';
import { nearest } from '../base/nearest.ts';
import { isHarmlessKey } from './harmless.ts';
import { type Problem, problem } from './problem.ts';
import { meansSecret } from './secret-key.ts';
import type { Entry, Path, Spot } from './spot.ts';

/** Nesting of a real topology stays below ten. */
export const DEEPEST = 64;
/** A thousand guests, each with everything written out, are about 30,000 values. */
const LARGEST = 200_000;

const BROKEN_ALIAS: ReadonlySet<string> = new Set(['topology.unknown-alias', 'topology.alias-in-itself']);

/** Nodes as values with places. Each node is visited once: what an alias brings is shared, and counted. */
export function spotsOf(contents: ParsedNode): { readonly root?: Spot; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const anchors = new Map<string, Spot | undefined>();
  const tell = (code: string, message: string, offset: number, hint: string): void => {
    problems.push(problem({ code: `topology.${code}`, subject: 'topology', message, offset, hint }));
  };
  let excess: Problem | undefined;
  const root = convert(contents, []);
  if (excess !== undefined) return { problems: [...problems, excess] };
  // What an alias should have brought is not known: all else that could be said would be its echo.
  return problems.some(({ code }) => BROKEN_ALIAS.has(code)) ? { problems } : { root, problems };

  function convert(node: ParsedNode, path: Path): Spot {
    const [start, end] = node.range;
    if (isAlias(node)) return follow(node.source, start, end, path);
    if (node.anchor === undefined) return converted(node, path);
    if (anchors.has(node.anchor)) {
      const name = anchorSaid(node.anchor, path);
      tell('duplicate-anchor', `the anchor &${name} is set twice`, start, 'Give one of them another name.');
    }
    anchors.set(node.anchor, undefined);
    const spot = converted(node, path);
    anchors.set(node.anchor, spot);
    return spot;
  }

  function converted(node: ParsedNode, path: Path): Spot {
    const [start, end] = node.range;
    if (isMap<ParsedNode, ParsedNode | null>(node)) return mapOf(node.items, start, end, path);
    if (isSeq<ParsedNode>(node)) {
      const items = node.items.map((item, index) => convert(item, [...path, index]));
      return bounded({ kind: 'list', start, end, items, ...measured(items) });
    }
    return isScalar(node) ? scalar(node.value, start, end) : scalar(null, start, end);
  }

  /** The first that is too much is where to look; all around it is too much as well. */
  function bounded(spot: Spot): Spot {
    if (spot.depth > DEEPEST) excess ??= tooDeep(spot.start);
    if (spot.size > LARGEST) excess ??= tooLarge(spot.start);
    return spot;
  }

  function follow(name: string, start: number, end: number, path: Path): Spot {
    const target = anchors.get(name);
    if (target !== undefined) return target;
    const said = anchorSaid(name, path);
    const meant = nearest(name, anchors.keys());
    const hint = meant === undefined ? `Set it first: &${said} at what is to be repeated.` : `Did you mean *${meant}?`;
    if (anchors.has(name)) tell('alias-in-itself', `*${said} stands inside what it repeats`, start, 'Write it out.');
    else tell('unknown-alias', `no anchor &${said} before this`, start, hint);
    return scalar(null, start, end);
  }

  function mapOf(
    pairs: readonly { readonly key: ParsedNode; readonly value: ParsedNode | null }[],
    start: number,
    end: number,
    path: Path,
  ): Spot {
    const own = new Map<string, Entry>();
    const merged = new Map<string, Entry>();
    let mergedAt: number | undefined;
    for (const { key, value } of pairs) {
      const [keyStart, keyEnd] = key.range;
      const name = nameOf(key);
      const below = [...path, name ?? ''];
      const spot = value === null ? scalar(null, keyStart, keyEnd) : convert(value, below);
      if (name === undefined || name === '') {
        tell('bad-name', 'a key is one word or text, and not empty', keyStart, 'Write KEY: VALUE.');
      } else if (name === '__proto__') {
        tell('bad-name', 'a word that JavaScript keeps for itself cannot be a key', keyStart, 'Choose another name.');
      } else if (value === null) {
        tell('no-value', 'a word without its `: VALUE` stands here', keyStart, 'Write KEY: VALUE.');
      } else if (isMergeKey(key)) {
        if (mergedAt !== undefined)
          tell('duplicate-key', '<< stands twice in one map', keyStart, 'List them: <<: [*a, *b].');
        mergedAt = keyStart;
        mergeInto(merged, spot, keyStart);
      } else if (own.has(name)) {
        const said = isHarmlessKey(below) ? name : '***';
        tell('duplicate-key', `\`${said}\` stands twice in one map`, keyStart, 'Keep one of them.');
      } else {
        own.set(name, { keyStart, value: spot });
      }
    }
    const entries = new Map([...own, ...[...merged].filter(([name]) => !own.has(name))]);
    return bounded({ kind: 'map', start, end, entries, ...measured([...entries.values()].map(({ value }) => value)) });
  }

  /** The first map of a list wins, as YAML has it. */
  function mergeInto(merged: Map<string, Entry>, from: Spot, keyStart: number): void {
    const sources = from.kind === 'list' ? from.items : [from];
    for (const source of sources) {
      if (source.kind !== 'map') {
        tell(
          'bad-merge',
          '<< takes a map, or a list of maps',
          keyStart,
          'Write <<: *NAME, where &NAME is set at a map.',
        );
        return;
      }
      for (const [name, entry] of source.entries) if (!merged.has(name)) merged.set(name, entry);
    }
  }
}

/** A password may begin with & or *: where one should stand, its name is not repeated. */
function anchorSaid(name: string, path: Path): string {
  return path.some((step) => meansSecret(String(step))) ? '***' : name;
}

/** As it is written: 007 stays 007. */
function nameOf(key: ParsedNode): string | undefined {
  if (!isScalar(key)) return undefined;
  return typeof key.value === 'string' ? key.value : key.source;
}

function isMergeKey(key: ParsedNode): boolean {
  return isScalar(key) && key.value === '<<' && key.type === Scalar.PLAIN;
}

function scalar(value: unknown, start: number, end: number): Spot {
  const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
  return { kind: 'scalar', start, end, value: plain, size: 1, depth: 1 };
}

function measured(children: readonly Spot[]): { readonly size: number; readonly depth: number } {
  let size = 1;
  let depth = 0;
  for (const child of children) {
    size += child.size;
    depth = Math.max(depth, child.depth);
  }
  return { size, depth: depth + 1 };
}

export function tooDeep(offset: number): Problem {
  return problem({
    code: 'topology.too-deep',
    subject: 'topology',
    message: `nested more than ${DEEPEST} levels deep`,
    hint: 'This is no topology; is it the right file?',
    offset,
  });
}

function tooLarge(offset: number): Problem {
  return problem({
    code: 'topology.too-large',
    subject: 'topology',
    message: `more than ${LARGEST} values once the aliases are followed`,
    hint: 'Repeat less with *aliases.',
    offset,
  });
}
