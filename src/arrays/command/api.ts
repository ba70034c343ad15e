import type { Deadline } from '../../base/deadline.ts';
import { asFault, Fault } from '../../base/fault.ts';
import { gather } from '../../base/gather.ts';
import type { ArrayId } from '../../model.ts';
import type { CommandResult } from '../../ports.ts';
import type { Box } from '../box.ts';
import { commandFailed } from '../box.ts';
import { safeName, wrongWithName } from '../names.ts';
import type { CommandSettings, Listing } from './config.ts';
import { anyLine, matchLines } from './pattern.ts';
import type { Column, Row, Rows } from './rows.ts';
import { rowsIn } from './rows.ts';
import type { Argument, Values } from './template.ts';
import { fill, isPerVolume, mentions } from './template.ts';

/** What the topology's commands can be asked and told, outside the window. */
export interface CommandApi {
  /** undefined: the topology has no `list`. */
  list(deadline: Deadline): Promise<Rows | undefined>;
  /** @param volumes where it asks by volume, only of these; default: of all that `list` prints */
  find(deadline: Deadline, volumes?: readonly string[]): Promise<Rows>;
  remove(values: Values, deadline: Deadline): Promise<void>;
  /** Once with an `each`, or where nothing in it belongs to one volume; else once a volume. */
  arm(all: readonly Values[], deadline: Deadline): Promise<void>;
  disarm(values: Values, deadline: Deadline): Promise<void>;
  /** The path of the image; undefined: the topology has no `expose`. */
  readonly expose: ((values: Values, deadline: Deadline) => Promise<string>) | undefined;
  withdraw(values: Values, deadline: Deadline): Promise<void>;
}

/** One command of a listing. */
interface Question {
  readonly argv: readonly string[];
  readonly what: 'list' | 'find';
  readonly needed: readonly Column[];
  /** What the command was told, and need not print. */
  readonly known?: Row;
}

/** For one short answer, which takes far less: but what a busy machine gives to others meanwhile counts too. */
export const ANSWER_LIMIT_MS = 500;

export function commandApi(array: ArrayId, settings: CommandSettings, box: Box): CommandApi {
  return {
    list,
    find,
    remove: (values, deadline) => tell(settings.remove, values, deadline),
    async arm(all, deadline) {
      const { arm } = settings;
      if (arm === undefined) return;
      for (const values of runsFor(arm.run, all)) {
        const argv = fill(arm.run, values);
        // What makes something is not repeated when its answer was lost.
        const result = await box.once(argv, deadline);
        if (result.exit !== 0) throw commandFailed(array, argv, result);
      }
    },
    async disarm(values, deadline) {
      if (settings.disarm !== undefined) await tell(settings.disarm, values, deadline);
    },
    expose: settings.expose === undefined ? undefined : exposing(settings.expose),
    async withdraw(values, deadline) {
      if (settings.withdraw !== undefined) await tell(settings.withdraw, values, deadline);
    },
  };

  async function list(deadline: Deadline): Promise<Rows | undefined> {
    const { list } = settings;
    return list && read(list, { argv: fill(list.run, []), what: 'list', needed: ['volume'] }, deadline);
  }

  async function find(deadline: Deadline, volumes?: readonly string[]): Promise<Rows> {
    const { find } = settings;
    const question = { what: 'find', needed: ['volume', 'snapshot'] } as const;
    if (!mentions(find.run, /<volume>/)) return read(find, { ...question, argv: fill(find.run, []) }, deadline);
    const names = volumes ?? (await list(deadline))?.rows.flatMap(({ volume }) => volume ?? []) ?? [];
    const all = [...new Set(names)].map((volume) => ({ volume: safeName(array, volume) }));
    if (all.length === 0) return { rows: [], unread: [] };
    const ask = (group: readonly { readonly volume: string }[]): Promise<Rows> => {
      const known = isPerVolume(find.run) ? group[0] : undefined;
      return read(find, { ...question, argv: fill(find.run, group), ...(known && { known }) }, deadline);
    };
    const answers = await gather(isPerVolume(find.run) ? all.map((one) => [one]) : [all], ask, settings.parallel);
    const each = answers.map((answer) => {
      if (!answer.ok) throw answer.fault;
      return answer.value;
    });
    return { rows: each.flatMap(({ rows }) => rows), unread: each.flatMap(({ unread }) => unread) };
  }

  function exposing({ run, image }: NonNullable<CommandSettings['expose']>): NonNullable<CommandApi['expose']> {
    return async (values, deadline) => {
      const argv = fill(run, [values]);
      // As in `arm`: it may make something.
      const result = await box.once(argv, deadline);
      if (result.exit !== 0) throw commandFailed(array, argv, result);
      const path = matchLines(image, result.stdout.split('\n'), ANSWER_LIMIT_MS).find((hit) => hit !== null)?.groups
        .image;
      if (path !== undefined && wrongWithName(path) === undefined) return path;
      throw new Fault({
        code: 'array.no-image',
        message: `array ${array}: what ${argv[0] ?? 'expose'} printed names no image`,
        hint: `Mend arrays.${array}.expose.image.`,
      });
    };
  }

  async function read(listing: Listing, question: Question, deadline: Deadline): Promise<Rows> {
    const { argv, what, needed, known } = question;
    const result = await box.run(argv, deadline);
    if (listing.none !== undefined && anyLine(listing.none, said(result), ANSWER_LIMIT_MS)) {
      return { rows: [], unread: [] };
    }
    if (result.exit !== 0) throw commandFailed(array, argv, result);
    try {
      return rowsIn(listing, result.stdout, needed, known);
    } catch (thrown) {
      throw asFault(thrown).of(`array ${array}: ${what}`);
    }
  }

  async function tell(
    command: NonNullable<CommandSettings['disarm']> | CommandSettings['remove'],
    values: Values,
    deadline: Deadline,
  ): Promise<void> {
    const argv = fill(command.run, [values]);
    const result = await box.run(argv, deadline);
    if (result.exit === 0) return;
    if (command.gone !== undefined && anyLine(command.gone, said(result), ANSWER_LIMIT_MS)) return;
    throw commandFailed(array, argv, result);
  }
}

/** For whom a command runs: once for all of them, or, where it speaks of one volume, once for each. */
export function runsFor(template: readonly Argument[], all: readonly Values[]): readonly (readonly Values[])[] {
  return isPerVolume(template) ? all.map((values) => [values]) : [all];
}

/** Both outputs: what a program says on which of them is its own taste. */
export function said(result: CommandResult): string {
  return `${result.stdout}\n${result.stderr}`;
}

/** Rows that cannot be read but hold a label of ours: what they are of would be overlooked. */
export function unreadable(array: ArrayId, lines: readonly string[]): Fault {
  return new Fault({
    code: 'array.unread-row',
    message: `array ${array}: find prints a snapshot of ours in a form that its row does not match: ${(lines[0] ?? '').slice(0, 200)}`,
    hint: `Mend arrays.${array}.find; stillpoint check shows all such lines.`,
  });
}
