import { defined } from '../base/defined.ts';
import { cycleIn } from './cycle.ts';
import { lookAlikeIn } from './look-alikes.ts';
import { type Problem, problem } from './problem.ts';
import { entriesOf, itemsOf, type Spot, textOf, under } from './spot.ts';
import { meant } from './words.ts';

/** Names that lead to nothing, to two things, or in a circle. Works on any tree: what is not there is not looked at. */
export function referenceProblems(root: Spot): readonly Problem[] {
  return [...tierProblems(root), ...volumeProblems(root), ...groupProblems(root)];
}

/** Of one list: whoever has more of them looks at the whole list anyway. */
const MOST_DANGLING = 50;

interface Name {
  readonly name: string;
  readonly offset: number;
}

function tierProblems(root: Spot): readonly Problem[] {
  const tierOf = new Map<string, string>();
  return entriesOf(under(root, 'tiers')).flatMap(({ key: tier, value }) => {
    const subject = `tier ${tier}`;
    const listed = namesIn(under(value, 'arrays'));
    const twice = listed.flatMap(({ name, offset }) => {
      const other = tierOf.get(name);
      tierOf.set(name, tier);
      if (other === undefined) return [];
      const message = `array ${name} is in tier ${other} already`;
      return [problem({ code: 'topology.two-tiers', subject, message, hint: 'An array belongs to one tier.', offset })];
    });
    return [...dangling(listed, under(root, 'arrays'), 'array', subject), ...twice];
  });
}

function volumeProblems(root: Spot): readonly Problem[] {
  const namedBy = new Map<string, string>();
  return entriesOf(under(root, 'volumes')).flatMap(({ key, keyStart, value }) => {
    const subject = `volume ${key}`;
    const arrays = [...nameIn(under(value, 'array')), ...nameIn(under(value, 'prefer'))];
    const forms = ['naa', 'eui', 'nfs'].filter((form) => under(value, form) !== undefined);
    const devices = forms.flatMap((form) => nameIn(under(value, form)));
    const problems = [...dangling(arrays, under(root, 'arrays'), 'array', subject)];
    const about = { code: 'topology.volume', subject, offset: keyStart };
    if (value.kind === 'map' && arrays.length === 0) {
      problems.push(
        problem({ ...about, message: 'no array is named', hint: 'Add array: NAME, the one that it lies on.' }),
      );
    }
    if (value.kind === 'map' && forms.length !== 1) {
      const message = forms.length === 0 ? 'no device is named' : 'more than one device is named';
      problems.push(problem({ ...about, message, hint: 'Write one of naa: naa.…, eui: eui.…, nfs: SERVER:/PATH.' }));
    }
    for (const { name, offset } of devices) {
      const other = namedBy.get(name.toLowerCase());
      namedBy.set(name.toLowerCase(), key);
      if (other === undefined) continue;
      const message = `volume ${other} is this device already`;
      problems.push(problem({ code: 'topology.same-device', subject, message, hint: 'Keep one of them.', offset }));
    }
    return problems;
  });
}

function groupProblems(root: Spot): readonly Problem[] {
  return entriesOf(under(root, 'groups')).flatMap(({ key: group, value }) => {
    const subject = `group ${group}`;
    const members = itemsOf(under(value, 'vms')).flatMap((item) => {
      const [named] = nameIn(item.kind === 'map' ? under(item, 'vm') : item);
      return named === undefined ? [] : [{ ...named, after: namesIn(under(item, 'after')) }];
    });
    const known = new Set<string>();
    const twice = members.filter(({ name }) => known.size === known.add(name).size);
    const after = members.flatMap((member) => member.after);
    const strangers = after.filter(({ name }) => !known.has(name));
    return [
      ...dangling(members, under(root, 'vms'), 'VM', subject),
      ...strangers.map(({ name, offset }) =>
        problem({
          code: 'topology.not-in-group',
          subject,
          message: `\`after\` names ${name}, which is not in this group`,
          hint:
            under(root, 'vms', name) === undefined
              ? meant(name, [...known])
              : 'Add it to the group, or take it out here.',
          offset,
        }),
      ),
      ...twice.map(({ name, offset }) =>
        problem({
          code: 'topology.listed-twice',
          subject,
          message: `${name} is listed twice`,
          hint: 'Keep one of them.',
          offset,
        }),
      ),
      ...circles(subject, members),
    ];
  });
}

function circles(
  subject: string,
  members: readonly (Name & { readonly after: readonly Name[] })[],
): readonly Problem[] {
  const circle = cycleIn(new Map(members.map(({ name, after }) => [name, after.map((other) => other.name)])));
  if (circle === undefined) return [];
  const [first, second] = circle;
  const at = members.find(({ name }) => name === first)?.after.find(({ name }) => name === second);
  return [
    problem({
      code: 'topology.cycle',
      subject,
      message: `\`after\` goes in a circle: ${circle.join(' after ')}`,
      hint: 'Take out one of these `after`.',
      ...defined({ offset: at?.offset }),
    }),
  ];
}

/** Two names that look the same: the hint says which letter is not ours, and in which of them. */
function meantName(name: string, known: readonly string[]): string {
  const hint = meant(name, known);
  const twin = known.find((one) => (lookAlikeIn(one)?.plain ?? one) === (lookAlikeIn(name)?.plain ?? name));
  const found = lookAlikeIn(name) ?? lookAlikeIn(twin ?? '');
  if (twin === undefined || found === undefined) return hint;
  const whose =
    lookAlikeIn(name) === undefined ? `the one under its own key: ${found.which}` : `this one: ${found.which}`;
  return `Two names that look alike, and a letter of another script in ${whose}. Type it again.`;
}

function dangling(
  names: readonly Name[],
  section: Spot | undefined,
  noun: string,
  subject: string,
): readonly Problem[] {
  const known = new Set(entriesOf(section).map(({ key }) => key));
  if (known.size === 0) return [];
  return names
    .filter(({ name }) => !known.has(name))
    .slice(0, MOST_DANGLING)
    .map(({ name, offset }) =>
      problem({
        code: 'topology.unknown-name',
        subject,
        message: `no ${noun} ${name} in this file`,
        hint: meantName(name, [...known]),
        offset,
      }),
    );
}

function namesIn(spot: Spot | undefined): readonly Name[] {
  return spot?.kind === 'list' ? spot.items.flatMap(nameIn) : nameIn(spot);
}

function nameIn(spot: Spot | undefined): readonly Name[] {
  const name = textOf(spot);
  return spot === undefined || name === undefined || name === '' ? [] : [{ name, offset: spot.start }];
}
