import { seconds } from '../base/deadline.ts';
import { durationMs } from '../base/duration.ts';
import { nearest } from '../base/nearest.ts';
import { type Problem, problem } from './problem.ts';
import { entriesOf, itemsOf, type Spot, textOf, under } from './spot.ts';

/** Below this, what is kept for the releases leaves nothing for the snapshots. */
const SHORTEST_WINDOW_MS = 2000;
const LONG_WINDOW_MS = 20_000;
const LONGEST_WINDOW_MS = 60_000;
/** No holder holds for longer, whoever asks. */
const MOST_WINDOW_MS = 120_000;

/** What the schema cannot say because it lies in two places: a login for every hold, windows, `include`. */
export function ruleProblems(root: Spot, loginless: ReadonlySet<string>): readonly Problem[] {
  return [...includeProblems(root), ...loginProblems(root, loginless), ...loneProblems(root), ...windowProblems(root)];
}

function includeProblems(root: Spot): readonly Problem[] {
  const include = entriesOf(root).find(({ key }) => key === 'include');
  if (include === undefined) return [];
  return [
    problem({
      code: 'topology.include',
      subject: 'topology',
      message: '`include` is kept for later: not yet',
      hint: 'Keep all in one file; repeat with &anchors and *aliases.',
      offset: include.keyStart,
    }),
  ];
}

function loginProblems(root: Spot, loginless: ReadonlySet<string>): readonly Problem[] {
  const defaults = under(root, 'defaults');
  return entriesOf(under(root, 'vms')).flatMap(({ key: vm, keyStart, value }) => {
    if (value.kind !== 'map' || (under(value, 'ssh') ?? value).kind !== 'map') return [];
    if (under(value, 'ssh', 'host') !== undefined || under(defaults, 'ssh', 'host') !== undefined) return [];
    // Misspelt, it is there.
    if (entriesOf(value).some(({ key }) => key !== 'ssh' && nearest(key, ['ssh']) !== undefined)) return [];
    const methods = methodsIn(under(value, 'quiesce') ?? under(defaults, 'quiesce')).filter(
      (method) => !loginless.has(method),
    );
    const [method] = methods;
    if (method === undefined && under(value, 'ssh') === undefined) return [];
    return [
      problem({
        code: 'topology.no-host',
        subject: `vm ${vm}`,
        message:
          method === undefined ? '`ssh.host` is missing' : `\`ssh.host\` is missing, and ${method} needs a login`,
        hint: 'Add ssh: { host: NAME }, or quiesce: none where nothing is to be held.',
        offset: keyStart,
      }),
    ];
  });
}

function methodsIn(quiesce: Spot | undefined): readonly string[] {
  const stages = quiesce?.kind === 'list' ? itemsOf(quiesce) : [quiesce];
  return stages.flatMap((stage) => textOf(stage) ?? textOf(under(stage, 'method')) ?? []);
}

/** One for all of them: some may be there on purpose. */
function loneProblems(root: Spot): readonly Problem[] {
  const groups = entriesOf(under(root, 'groups'));
  const lists = groups.map(({ value }) => under(value, 'vms'));
  const members = new Set(lists.flatMap(itemsOf).map((item) => textOf(item) ?? textOf(under(item, 'vm')) ?? ''));
  // Where a group cannot be read, or names nobody that is known, somebody else may be meant.
  const isKnown = (name: string): boolean => under(root, 'vms', name) !== undefined;
  if (members.size === 0 || lists.some((list) => itemsOf(list).length === 0) || ![...members].every(isKnown)) return [];
  const [first, ...others] = entriesOf(under(root, 'vms')).filter(({ key }) => !members.has(key));
  if (first === undefined) return [];
  const names = others.slice(0, LONE_NAMED).map(({ key }) => key);
  const more = others.length > names.length ? ` and ${others.length - names.length} more` : '';
  return [
    problem({
      code: 'topology.in-no-group',
      severity: 'warning',
      subject: `vm ${first.key}`,
      message: `it is in no group, so no run takes it${names.length === 0 ? '' : `; nor are ${names.join(', ')}${more}`}`,
      hint: 'Add it to a group under `groups`, or take it out of `vms`.',
      offset: first.keyStart,
    }),
  ];
}

const LONE_NAMED = 10;

function windowProblems(root: Spot): readonly Problem[] {
  return entriesOf(under(root, 'groups')).flatMap(({ key: group, value }) => {
    const window = under(value, 'window');
    const ms = durationMs(textOf(window) ?? '');
    if (window === undefined || ms === undefined) return [];
    const about = { subject: `group ${group}`, offset: window.start };
    if (ms < SHORTEST_WINDOW_MS) {
      const message = `a window of ${seconds(ms)} is too short: 1 s of it is kept for letting the guests go`;
      return [problem({ ...about, code: 'topology.short-window', message, hint: 'Give it at least 2s.' })];
    }
    if (ms > MOST_WINDOW_MS) {
      const message = `a window of ${seconds(ms)} is too long: no guest is held for more than ${seconds(MOST_WINDOW_MS)}`;
      return [problem({ ...about, code: 'topology.long-window', message, hint: 'Shorten it.' })];
    }
    if (ms > LONGEST_WINDOW_MS && under(value, 'longWindow') === undefined) {
      const message = `guests would be still for up to ${seconds(ms)}`;
      const hint = 'Shorten it, or accept it: longWindow: accepted.';
      return [problem({ ...about, code: 'topology.long-window', message, hint })];
    }
    if (ms > LONG_WINDOW_MS) {
      const message = `guests may be still for up to ${seconds(ms)}: HA monitoring, cluster heartbeats and VSS writers give up sooner`;
      return [problem({ ...about, code: 'topology.long-window', severity: 'warning', message })];
    }
    return [];
  });
}
