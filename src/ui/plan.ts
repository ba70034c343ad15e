import { count } from '../base/count.ts';
import { seconds } from '../base/deadline.ts';
import { atLeast, type Plan, type PlannedArray, type PlannedDisk, type PlannedGuest } from '../model.ts';
import { bestText } from '../plan/perfect.ts';
import { diskLines } from './disks.ts';
import { findingLines, type RenderFinding } from './findings.ts';
import { type Paint, PLAIN } from './paint.ts';
import { table } from './table.ts';
import { pad, WIDTH, widthOf, wrap } from './text.ts';

export interface PlanOptions {
  readonly render: RenderFinding;
  /** `--all`: every VM that is captured besides, by name. */
  readonly all: boolean;
  readonly paint?: Paint;
  /** Columns that the table of the disks may take. */
  readonly width?: number;
}

const ALSO_SHOWN = 5;
const LONGEST_NAME = 24;

/** What a run would do: where the disks lie, who is held how, what is taken where, in which time, and how good it can be. */
export function planLines(plan: Plan, options: PlanOptions): readonly string[] {
  const { paint = PLAIN } = options;
  const found = findingLines(plan.findings, options.render, paint);
  return [
    `Plan of group ${plan.group}`,
    '',
    'Where the disks lie',
    ...diskLines(plan, { title: 'held', of: coverText }, options.width),
    '',
    'Who is held',
    ...guestLines(plan.guests),
    '',
    'What is taken',
    ...arrayLines(plan.arrays),
    ...alsoLines(plan, options.all),
    '',
    'Time',
    ...timingLines(plan),
    '',
    ...instantLines(plan),
    levelLine(plan, paint),
    ...(found.length === 0 ? [] : ['', ...found]),
  ];
}

/** The same for machines. */
export function planDocument(plan: Plan): Readonly<Record<string, unknown>> {
  return { type: 'plan', ...plan };
}

function coverText(disk: PlannedDisk): string {
  const because = disk.because === undefined ? '' : `: ${disk.because}`;
  if (disk.cover === 'held') return 'yes';
  if (disk.cover === 'snapshot') return 'no: in a guest snapshot';
  return disk.cover === 'fenced' ? `by its array${because}` : `no${because}`;
}

function guestLines(guests: readonly PlannedGuest[]): readonly string[] {
  const names = Math.min(LONGEST_NAME, Math.max(0, ...guests.map((guest) => widthOf(guest.vm))));
  const indent = ' '.repeat(names + 5);
  return guests.flatMap((guest) => {
    const [how = '', ...more] = guestTexts(guest);
    return [
      ...wrap(how, WIDTH, `${indent}  `, `   ${pad(guest.vm, names)}  `),
      ...more.flatMap((text) => wrap(text, WIDTH, `${indent}  `, indent)),
    ];
  });
}

function guestTexts(guest: PlannedGuest): readonly string[] {
  const stages = guest.stages.map(({ method, gives, holds }) => `${[method, ...holds].join(' ')} → ${gives}`);
  return [
    stages.length === 0 ? 'not held' : stages.join(', then '),
    ...(guest.after.length === 0 ? [] : [`held after ${guest.after.join(', ')}, released before`]),
    ...(guest.optional ? ['optional: the run goes on without it'] : []),
    ...(guest.atBest === 'application' ? [] : [`${guest.atBest} at best`]),
    ...guest.excluded.map(({ disk, because }) => `${disk} is left out: ${because}`),
  ];
}

function arrayLines(arrays: readonly PlannedArray[]): readonly string[] {
  const rows = arrays.map(({ array, make, units, forecastMs }) => {
    const volumes = units.reduce((sum, unit) => sum + unit.volumes.length, 0);
    const instants = units.length === 1 ? 'at one instant' : `in ${units.length} snapshots`;
    return [array, make, `${count(volumes, 'volume')} ${instants}`, `about ${seconds(forecastMs)}`];
  });
  const said = arrays.flatMap(({ array, units, fence, answersCut }) => {
    const besides = units.flatMap((unit) => unit.alsoCaptures);
    return [
      ...(fence ? [`${array} holds its writes meanwhile: no guest holds all that lies on it`] : []),
      ...(answersCut ? [] : [`${array} does not say when its snapshot is taken`]),
      ...(besides.length === 0 ? [] : [`${array} also copies: ${besides.join(', ')}`]),
    ];
  });
  return [...table(rows, { indent: '   ' }), ...said.flatMap((text) => wrap(text, WIDTH, '     ', '   '))];
}

function alsoLines(plan: Plan, all: boolean): readonly string[] {
  const { alsoCaptured } = plan;
  if (alsoCaptured.length === 0) return [];
  const shown = all ? alsoCaptured : alsoCaptured.slice(0, ALSO_SHOWN);
  const more = alsoCaptured.length > shown.length ? ` and ${alsoCaptured.length - shown.length} more (--all)` : '';
  const text = `Also captured, not held: ${count(alsoCaptured.length, 'VM')} outside the group: ${shown.join(', ')}${more}`;
  return wrap(text, WIDTH, '     ', '   ');
}

function timingLines(plan: Plan): readonly string[] {
  const { windowMs, reserveMs, releaseMs } = plan.timing;
  const last = seconds(windowMs - reserveMs);
  return [
    `No guest is held for longer than ${seconds(windowMs)}; the last ${seconds(reserveMs)} are kept for letting go.`,
    `A snapshot is sent only if it will be taken before ${last} have passed.`,
    `When interrupted, the guests are released within ${seconds(releaseMs)}.`,
  ].flatMap((text) => wrap(text, WIDTH, '     ', '   '));
}

/** A group in which this must not be says `instant: group`. */
function instantLines({ instant }: Plan): readonly string[] {
  if (instant === undefined) return [];
  const text =
    'Instant of each VM: a guest snapshot has an instant of its own. The VMs of this set will not be at one instant.';
  return wrap(text, WIDTH);
}

function levelLine(plan: Plan, paint: Paint): string {
  const reached = plan.best !== 'unproven' && atLeast(plan.best, plan.require);
  const text = `At best: ${bestText(plan)}; required: ${plan.require}`;
  if (reached) return paint.good(text);
  const then = atLeast(plan.best, plan.require)
    ? 'a run would make a weak set, and end with 3'
    : 'a run would be refused';
  return paint.bad(`${text}: ${then}`);
}
