type Node = Readonly<Record<string, unknown>>;

const INTRO = `# The topology file

<!-- Made from the schema: STILLPOINT_GOLDEN=write npx vitest run test/golden/topology -->

One YAML file says where everything is and how it is held: \`-t FILE\`, else \`$STILLPOINT_TOPOLOGY\`, else
\`./stillpoint.yaml\`. \`stillpoint init\` prints a first one, [examples/](../../examples) has whole ones, and
\`stillpoint schema\` prints its JSON Schema, so that an editor completes it.

\`stillpoint check --offline\` reads it and nothing else: no network, no secret. What is wrong is told all at once, each
with its line. Unknown keys are wrong, and so are names that lead to nothing.

- **Secrets** are never written here: \`{ env: NAME }\`, \`{ file: PATH }\` (a last newline is dropped) or
  \`{ command: [WORD, …] }\` (what it prints, within 10 s). They are read once, at the start of a run. A command gets PATH,
  HOME, LANG, XDG_… and the like of the environment, no other variable: name those that it needs, \`{ command: [vault, …],
  variables: [VAULT_ADDR, VAULT_TOKEN] }\`. The same goes for an array's commands with \`local: true\`.
- **Variables**: under \`vsphere\`, \`arrays\` and \`ssh\`, any text may be \`{ env: NAME }\`.
- **Paths** are relative to the file; \`~\` is the home of who runs Stillpoint.
- **Durations** have a unit: \`500ms\`, \`8s\`, \`2m\`, \`26h\`, \`7d\`.
- **Reuse**: \`defaults\`, and YAML's anchors, aliases and \`<<\`. Keys at the top that begin with \`x-\` are yours: a place
  for anchors. \`include\` is kept for later.
`;

/** docs/reference/topology.md, from the JSON Schema of the topology. */
export function reference(schema: unknown): string {
  const root = mapIn(withoutVariables(schema));
  const { vsphere, arrays, tiers, volumes, defaults, vms, groups } = membersOf(root);
  const vm = mapIn(vms?.additionalProperties);
  const { ssh, quiesce } = membersOf(vm);
  const drivers = branchesOf(mapIn(arrays?.additionalProperties));
  const methods = branchesOf(mapIn(quiesce)).filter(({ type }) => type === 'object');
  const unique = new Map(methods.map((method) => [tagOf(method, 'method'), method]));
  return [
    INTRO,
    section('## The file', root),
    section('## `vsphere`', mapIn(vsphere)),
    '## `arrays.NAME`\n\nA name of your choice, a `driver`, and the keys of that driver.\n',
    ...drivers.map((driver) => section(`### \`driver: ${tagOf(driver, 'driver')}\``, driver)),
    section('## `tiers.NAME`', mapIn(tiers?.additionalProperties)),
    section('## `volumes.NAME`', mapIn(volumes?.additionalProperties)),
    '`array` or `prefer`, and one of `naa`, `eui`, `nfs`.\n',
    section('## `defaults`', mapIn(defaults)),
    section('## `vms.NAME`', vm),
    section('## `ssh`', mapIn(ssh)),
    '## `quiesce`\n\nA `method` with its keys, its name alone (`quiesce: none`), or a list of these.\n',
    ...[...unique].map(([name, method]) => section(`### \`method: ${name}\``, method)),
    section('## `groups.NAME`', mapIn(groups?.additionalProperties)),
  ].join('\n');
}

/** Every key of the schema that nothing describes, for the test that there is none. */
export function undescribed(schema: unknown, above = ''): readonly string[] {
  const node = mapIn(schema);
  const own = Object.entries(membersOf(node)).flatMap(([name, member]) => [
    ...(descriptionOf(member) === '' ? [`${above}${name}`] : []),
    ...undescribed(member, `${above}${name}.`),
  ]);
  const branches = branchesOf(node).filter((branch) => branch !== node);
  const inner = [node.additionalProperties, node.items].filter((member) => member !== undefined);
  return [...own, ...[...branches, ...inner].flatMap((member) => undescribed(member, above))];
}

function section(title: string, node: Node): string {
  const rows = rowsOf(node, '').map(([key, value, meaning]) => `| \`${key}\` | ${value} | ${meaning} |`);
  if (rows.length === 0) return `${title}\n\nNothing to set.\n`;
  return [title, '', '| key | value | meaning |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

type Row = readonly [key: string, value: string, meaning: string];

function rowsOf(node: Node, above: string): readonly Row[] {
  const required: readonly unknown[] = Array.isArray(node.required) ? node.required : [];
  return Object.entries(membersOf(node)).flatMap(([name, member]): readonly Row[] => {
    if (name === 'driver' || name === 'method') return [];
    const key = `${above}${name}`;
    const must = required.includes(name) ? '**Required.** ' : '';
    if (ELSEWHERE.has(name)) return [[key, `see [\`${name}\`](#${name})`, `${must}${meaningOf(member)}`]];
    const inner = member.properties === undefined ? itemOf(member) : { node: member, key: `${key}.` };
    const row: Row = [key, valueText(member), `${must}${meaningOf(member)}`];
    return inner === undefined ? [row] : [row, ...rowsOf(inner.node, inner.key.replace('*', key))];
  });
}

/** Described under a title of their own. */
const ELSEWHERE: ReadonlySet<string> = new Set(['vsphere', 'defaults', 'ssh', 'quiesce']);

/** The map that a list holds; a map of one key is told by its value. */
function itemOf(node: Node): { readonly node: Node; readonly key: string } | undefined {
  const item = branchesOf(mapIn(node.items)).find((branch) => Object.keys(membersOf(branch)).length > 1);
  return item === undefined ? undefined : { node: item, key: '*[].' };
}

function valueText(node: Node): string {
  if ('const' in node) return `\`${String(node.const)}\``;
  if (Array.isArray(node.enum)) return node.enum.map((word) => `\`${String(word)}\``).join(', ');
  const branches = branchesOf(node);
  if (branches.length > 1) return [...new Set(branches.map(valueText))].join(' or ');
  switch (node.type) {
    case 'string':
      return node.title === 'duration' ? 'duration' : 'text';
    case 'integer':
      return `whole number${rangeOf(node)}`;
    case 'boolean':
      return '`true`, `false`';
    case 'array':
      return `list of ${valueText(mapIn(node.items ?? { type: 'string' }))}`;
    default:
      return mapText(node);
  }
}

function mapText(node: Node): string {
  // What a secret's command may have besides does not make it another reference.
  const keys = Object.keys(membersOf(node)).filter((key) => key !== 'variables');
  if (keys.length > 0) return keys.length === 1 ? `\`{ ${keys[0]} }\`` : 'map';
  return '`NAME: …`';
}

function rangeOf({ minimum, maximum }: Node): string {
  const most = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (typeof minimum !== 'number' || minimum <= Number.MIN_SAFE_INTEGER) return '';
  return most === undefined ? `, at least ${minimum}` : `, ${minimum} to ${most}`;
}

function meaningOf(node: Node): string {
  const preset = node.default === undefined ? '' : `; default: \`${String(node.default)}\``;
  const text = descriptionOf(node).replace(/(?<!`)<\w+>(?!`)/g, '`$&`');
  return `${text}${preset}`.replaceAll('|', '\\|');
}

function descriptionOf(node: Node): string {
  const described = [node, ...branchesOf(node)].find(({ description }) => typeof description === 'string');
  return typeof described?.description === 'string' ? described.description : '';
}

/** The alternatives of a value; itself where it has none. */
function branchesOf(node: Node): readonly Node[] {
  const branches: unknown = [node.anyOf, node.oneOf].find(Array.isArray);
  return Array.isArray(branches) && node.type === undefined ? branches.map(mapIn).flatMap(branchesOf) : [node];
}

/** `{ env: NAME }` in place of text is allowed so often that it is said once. */
function withoutVariables(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutVariables);
  if (!isMap(value)) return value;
  const [text, variable] = Array.isArray(value.anyOf) ? value.anyOf : [];
  if (isMap(text) && isMap(variable) && variable.$ref !== undefined) {
    const { anyOf, ...rest } = value;
    return withoutVariables({ ...text, ...rest });
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutVariables(member)]));
}

function tagOf(node: Node, key: string): string {
  return String(membersOf(node)[key]?.const);
}

function membersOf(node: Node): Readonly<Record<string, Node>> {
  return Object.fromEntries(Object.entries(mapIn(node.properties)).map(([name, member]) => [name, mapIn(member)]));
}

function mapIn(value: unknown): Node {
  return isMap(value) ? value : {};
}

function isMap(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
