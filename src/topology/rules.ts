import { seconds } from '../base/deadline.ts';
import { durationMs } from '../base/duration.ts';
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
  return [...includeProblems(root), ...loginProblems(root, loginless), ...windowProblems(root)];
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
