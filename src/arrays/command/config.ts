import { z } from 'zod';
import { duration } from '../../base/duration.ts';
import { isOnePlace, ONE_PLACE, place } from '../place.ts';
import { isRowsPath } from './json-rows.ts';
import { groupsOf } from './pattern.ts';
import type { Column } from './rows.ts';
import { hasEach, isNamedByLabel, isPerVolume, mentions, type Placeholder, unknownIn } from './template.ts';

/** `driver: command`: an array that is spoken to in commands of your own. Placeholders stand inside an argument. */
const argument = z.union([
  z.string(),
  z.strictObject({ each: z.string().describe('Repeated for each volume: one command for all of them, one cut unit') }),
]);
const run = z.tuple([z.string().min(1)], argument).describe('The command, as a list of words');

/** A command for one volume, or for none: nothing in it is repeated. */
function single(...allowed: readonly Placeholder[]) {
  return command(...allowed).refine(
    (words) => !hasEach(words),
    'each can stand only in snapshot, arm, settled and find',
  );
}

function command(...allowed: readonly Placeholder[]) {
  return run.superRefine((words, context) => {
    const known = allowed.map((name) => `<${name}>`).join(', ');
    for (const unknown of unknownIn(words, allowed)) {
      context.addIssue({
        code: 'custom',
        message: `${unknown} cannot stand here; ${known === '' ? 'no placeholder can' : `what can: ${known}`}`,
      });
    }
    if (mentions(words.slice(0, 1), /<[a-z]+>/)) {
      context.addIssue({
        code: 'custom',
        path: [0],
        message: 'the program itself is a fixed word, without placeholders',
      });
    }
    if (words.filter((word) => typeof word !== 'string').length > 1) {
      context.addIssue({ code: 'custom', message: 'only one argument can be repeated with each' });
    }
  });
}

const pattern = z.string().refine((source) => groupsOf(source) !== undefined, 'this is no regular expression (with u)');

function rowWith(...needed: readonly string[]) {
  return z.string().superRefine((source, context) => {
    const groups = groupsOf(source);
    if (groups === undefined) {
      context.addIssue({ code: 'custom', message: 'this is no regular expression (with u)' });
    } else {
      const missing = needed.filter((name) => !groups.includes(name)).map((name) => `(?<${name}>…)`);
      if (missing.length > 0) context.addIssue({ code: 'custom', message: `the row lacks ${missing.join(' and ')}` });
    }
  });
}

const rows = z
  .string()
  .refine(isRowsPath, 'a path like [*], snaps[*] or $.snaps[*]: names, dots, [*] and [0] only')
  .describe('Where the rows are');
const where = z
  .record(z.string().min(1), pattern)
  .describe('Only rows whose fields match; a field that is not there matches as an empty one')
  .optional();
const field = z.string().min(1);
const none = pattern.describe('What it says, with any exit code, when there is nothing to list').optional();
const oneForm = 'say how a row is read: either row: (a regular expression) or json:';

const find = z
  .strictObject({
    run: command('volume').describe('Prints all snapshots; with <volume> it runs for each volume that list prints'),
    row: rowWith('snapshot').describe('Groups: volume, snapshot; also id, time or unixtime, size, state').optional(),
    json: z
      .strictObject({
        rows,
        where,
        volume: field.describe('Not needed where the command runs for each volume').optional(),
        snapshot: field,
        id: field.optional(),
        time: field.optional(),
        size: field.optional(),
        state: field.optional(),
      })
      .describe('Fields of a row, by name or by path: name, source.name; $ is the row itself')
      .optional(),
    valid: pattern.describe('The states in which a snapshot can be used: one in any other is of no use').optional(),
    none,
  })
  .refine(({ row, json }) => (row === undefined) !== (json === undefined), oneForm)
  .refine((settings) => isPerVolume(settings.run) || tells(settings, 'volume'), {
    path: ['run'],
    message: 'nothing tells the volume: the row lacks (?<volume>…), or json the field volume, or the command <volume>',
  })
  .refine((settings) => settings.valid === undefined || tells(settings, 'state'), {
    path: ['valid'],
    message: 'nothing tells the state: the row lacks (?<state>…), or json the field state',
  });

const list = z
  .strictObject({
    run: single(),
    row: rowWith('volume').describe('Groups: volume; also size and device (naa.…)').optional(),
    json: z
      .strictObject({ rows, where, volume: field, size: field.optional(), device: field.optional() })
      .describe('Fields of a row, by name or by path; $ is the row itself')
      .optional(),
    none,
  })
  .refine(({ row, json }) => (row === undefined) !== (json === undefined), oneForm);

export const commandConfig = z
  .strictObject({
    ...place,
    parallel: z.int().min(1).max(64).describe('Commands at once').default(4),
    answers: z
      .enum(['cut', 'success-only', 'accepted'])
      .describe(
        'cut: exit 0 means that the snapshot exists, any other that it will not; success-only: exit 0 means that it ' +
          'exists, any other proves nothing; accepted: no exit proves anything, and `settled` asks',
      )
      .default('accepted'),
    late: duration
      .describe('How long after a command that proved nothing its snapshot may still appear; default 2m')
      .optional(),
    name: z
      .enum(['<label>', '<label>-<volume>'])
      .describe("The snapshot's name; default: <label> where it stands in one argument with <volume>")
      .optional(),
    arm: z
      .strictObject({ run: command('volume', 'snapshot', 'label') })
      .describe('What can be done before guests are held')
      .optional(),
    disarm: z
      .strictObject({
        run: single('label'),
        gone: pattern.describe('What it says when there is nothing to take away').optional(),
      })
      .describe('Takes away what arm made')
      .optional(),
    snapshot: z.strictObject({
      run: command('volume', 'snapshot', 'label'),
      refused: pattern
        .describe('A line with which a failing command says that the snapshot will certainly not be')
        .optional(),
      job: rowWith('job').describe('Finds the job in what it prints: group job').optional(),
    }),
    settled: z
      .strictObject({
        run: command('volume', 'snapshot', 'label', 'job'),
        done: pattern.describe('A line that says that the snapshot is taken'),
        failed: pattern.describe('A line that says that it will not be').optional(),
      })
      .describe('Asks whether an accepted snapshot is taken; again and again, inside the window')
      .optional(),
    find,
    remove: z.strictObject({
      run: single('volume', 'snapshot', 'id', 'label'),
      gone: pattern.describe('What it says when there is nothing to remove').optional(),
    }),
    list: list.optional(),
    expose: z
      .strictObject({
        run: single('volume', 'snapshot', 'id', 'label'),
        image: rowWith('image').describe('Finds the path of the file or device in what it prints: group image'),
      })
      .describe('Shows the bytes of a snapshot, only for reading, where its commands run')
      .optional(),
    withdraw: z
      .strictObject({
        run: single('volume', 'snapshot', 'id', 'label'),
        gone: pattern.describe('What it says when there is nothing to take away').optional(),
      })
      .describe('Takes away what expose made; not needed where that makes nothing')
      .optional(),
  })
  .refine(isOnePlace, ONE_PLACE)
  .refine(({ expose, withdraw }) => withdraw === undefined || expose !== undefined, 'withdraw needs an expose')
  .refine(
    ({ arm, disarm }) => arm === undefined || disarm !== undefined,
    'arm needs a disarm that takes away what it made',
  )
  .refine(({ snapshot }) => mentions(snapshot.run, /<volume>/) && mentions(snapshot.run, /<snapshot>|<label>/), {
    path: ['snapshot', 'run'],
    message: 'it has to say what is snapshotted and how that is called: <volume> and <snapshot>',
  })
  .refine(
    (settings) => [settings.snapshot, settings.arm, settings.settled].every((one) => speaksForAll(settings, one)),
    {
      path: ['snapshot', 'run'],
      message:
        'beside an each, an argument cannot speak of one volume: put <volume> into the each, and <snapshot> too unless name: <label> makes it the same for all',
    },
  )
  .refine(
    ({ snapshot, settled }) => settled === undefined || !mentions(settled.run, /<job>/) || snapshot.job !== undefined,
    {
      path: ['settled', 'run'],
      message: '<job> is known only where snapshot has `job:`, which finds it',
    },
  )
  .refine(({ settled }) => settled === undefined || mentions(settled.run, /<job>|<label>|<snapshot>/), {
    path: ['settled', 'run'],
    message:
      'it does not say which snapshot it asks about, and an older one could answer: put <job>, <snapshot> or <label> into it',
  })
  .refine(({ find, list }) => list !== undefined || !mentions(find.run, /<volume>/), {
    path: ['find', 'run'],
    message: '<volume> stands for each volume that list prints, and there is no list',
  })
  .refine(({ find, remove }) => !mentions(remove.run, /<id>/) || tells(find, 'id'), {
    path: ['remove', 'run'],
    message: '<id> is known only where find tells it',
  })
  .refine(namesOne, {
    path: ['remove', 'run'],
    message:
      'it has to name one snapshot: <id>, or <snapshot>, with <volume> where snapshots of several volumes share a name',
  });

export type CommandSettings = z.output<typeof commandConfig>;
export type Listing = CommandSettings['find'] | NonNullable<CommandSettings['list']>;

/** Outside of the repeated argument stands only what is the same for all volumes. */
function speaksForAll(
  settings: Parameters<typeof isNamedByLabel>[0],
  part: { readonly run: z.output<typeof run> } | undefined,
): boolean {
  if (part === undefined || !hasEach(part.run)) return true;
  const once = part.run.filter((word) => typeof word === 'string');
  return !mentions(once, isNamedByLabel(settings) ? /<volume>/ : /<volume>|<snapshot>/);
}

/** Whether the rows of a listing have this column. */
export function tells(
  { row, json }: { readonly row?: string | undefined; readonly json?: object | undefined },
  column: Column,
): boolean {
  return row === undefined ? json !== undefined && column in json : groupsOf(row)?.includes(column) === true;
}

function namesOne(
  settings: Parameters<typeof isNamedByLabel>[0] & { readonly remove: { readonly run: z.output<typeof run> } },
): boolean {
  const { run: words } = settings.remove;
  if (mentions(words, /<id>/)) return true;
  return mentions(words, /<snapshot>/) && (!isNamedByLabel(settings) || mentions(words, /<volume>/));
}
