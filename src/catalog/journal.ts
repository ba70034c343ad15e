import { join } from 'node:path';
import { z } from 'zod';
import { asFault } from '../base/fault.ts';
import { settle } from '../base/gather.ts';
import { jsonLine, jsonText, parseJson } from '../base/json.ts';
import type { ArrayId, ArraySnapshot, GuestSnapshot, Level, SetId, SetState, VmName, WindowRecord } from '../model.ts';
import { type Intent, intentShape } from './intent.ts';
import { arraySnapshot, guestSnapshot, instant, level, setId, windowRecord } from './shapes.ts';
import { runFolder, type StateFolder } from './state-folder.ts';

/**
 * What a clean-up must know of a run, as it happened. Each is on disk before what it announces is done; losing any of
 * them makes a reader look again at the array, never believe that nothing is there.
 */
export type JournalEntry =
  /** `arm` is about to be called: from now on the array may carry something of this run's label. */
  | { readonly type: 'arming'; readonly array: ArrayId }
  /** The window is about to open: guests may be held, and snapshots taken. */
  | { readonly type: 'opening'; readonly at?: string }
  /** Seen on the array. */
  | { readonly type: 'taken'; readonly snapshot: ArraySnapshot }
  /** After all of its snapshots were noted: where the disks lay after the window, and what the run concluded. */
  | ({ readonly type: 'judged' } & Judged)
  /** Seen to be gone. */
  | { readonly type: 'removed'; readonly array: ArrayId; readonly id: string }
  /** Something stays, or may still appear, and then until when. */
  | { readonly type: 'remains'; readonly array: ArrayId; readonly why: string; readonly until?: string }
  /** Looked: nothing of this label is there, and nothing can still appear. */
  | { readonly type: 'clean'; readonly array: ArrayId }
  /** A guest snapshot is about to be made: from now on the VM may carry something of this run's label. */
  | { readonly type: 'beginning'; readonly vm: VmName; readonly instanceUuid: string }
  /** It stands. */
  | { readonly type: 'begun'; readonly snapshot: GuestSnapshot }
  /** Looked: no guest snapshot of this label stands there. */
  | { readonly type: 'concluded'; readonly vm: VmName }
  /** It could not be removed, or it could not be looked for. */
  | { readonly type: 'stands'; readonly vm: VmName; readonly why: string }
  /** Asked after the run, because its release was not confirmed: the guest writes. */
  | { readonly type: 'writes'; readonly vm: VmName };

/** What a run knew of its set when it had judged it, so that the set can be sealed where the run itself did not come to it. */
export interface Judged {
  /** Compared with before the window. */
  readonly placement: 'same' | 'changed' | 'unread';
  readonly level: Level;
  /** false: it goes, whatever it proves. */
  readonly keep: boolean;
}

/** How a run ended; the last thing that it writes. */
export interface RunResult {
  readonly v: 1;
  readonly run: SetId;
  readonly group: string;
  readonly finishedAt: string;
  readonly state: SetState;
  /** A weak set that the topology or the caller wanted removed: none of it was to stay. */
  readonly kept?: false;
  /** Failed only in that its manifest could not be written: all of its set is on the arrays, and stays. */
  readonly unsealed?: true;
  readonly exit: number;
  /** The answer in one line. */
  readonly line: string;
  /** Sentences, most important first: why it is no better. */
  readonly because: readonly string[];
  /** Of these, the ones that were true only for a time: what may still have appeared then. */
  readonly passing?: readonly string[];
  readonly fault?: { readonly code: string; readonly message: string; readonly hint?: string };
  /** Guests whose release was not confirmed. */
  readonly mayBeHeld: readonly VmName[];
}

export interface Journal {
  readonly run: SetId;
  /** On disk when it resolves. */
  note(entry: JournalEntry): Promise<void>;
  /** On disk when it resolves: between the last release and the first look at the arrays. */
  window(record: WindowRecord): Promise<void>;
  /** The result, last. */
  finish(result: RunResult): Promise<void>;
}

/** A run as its folder tells. What is absent was never written, or cannot be believed: `faults` says which. */
export interface RunRecord {
  readonly run: SetId;
  readonly intent?: Intent;
  readonly entries: readonly JournalEntry[];
  readonly window?: WindowRecord;
  readonly result?: RunResult;
  readonly faults: readonly string[];
}

const entryShape: z.ZodType<JournalEntry, unknown> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('arming'), array: z.string() }),
  z.object({ type: z.literal('opening'), at: instant.exactOptional() }),
  z.object({ type: z.literal('taken'), snapshot: arraySnapshot }),
  z.object({
    type: z.literal('judged'),
    placement: z.enum(['same', 'changed', 'unread']),
    level,
    keep: z.boolean(),
  }),
  z.object({ type: z.literal('removed'), array: z.string(), id: z.string() }),
  z.object({ type: z.literal('remains'), array: z.string(), why: z.string(), until: instant.exactOptional() }),
  z.object({ type: z.literal('clean'), array: z.string() }),
  z.object({ type: z.literal('writes'), vm: z.string() }),
  z.object({ type: z.literal('beginning'), vm: z.string(), instanceUuid: z.string() }),
  z.object({ type: z.literal('begun'), snapshot: guestSnapshot }),
  z.object({ type: z.literal('concluded'), vm: z.string() }),
  z.object({ type: z.literal('stands'), vm: z.string(), why: z.string() }),
]);

const resultShape: z.ZodType<RunResult, unknown> = z.object({
  v: z.literal(1),
  run: setId,
  group: z.string(),
  finishedAt: instant,
  state: z.enum(['good', 'weak', 'failed']),
  kept: z.literal(false).exactOptional(),
  unsealed: z.literal(true).exactOptional(),
  exit: z.number(),
  line: z.string(),
  because: z.array(z.string()),
  passing: z.array(z.string()).exactOptional(),
  fault: z.object({ code: z.string(), message: z.string(), hint: z.string().exactOptional() }).exactOptional(),
  mayBeHeld: z.array(z.string()),
});

/** Starts a run's journal: its intent is on disk when this resolves. */
export async function beginJournal(state: StateFolder, intent: Intent): Promise<Journal> {
  const folder = runFolder(state, intent.run);
  await state.files.makeFolder(folder);
  await state.files.writeWhole(join(folder, 'intent.json'), jsonText(intent));
  return journalOf(state, intent.run);
}

/** Goes on with the journal of an earlier run: a clean-up notes there what it removed. Touches no file by itself. */
export function resumeJournal(state: StateFolder, run: SetId): Journal {
  const journal = journalOf(state, run);
  let whole = false;
  return {
    ...journal,
    async note(entry) {
      if (!whole) await endCutOffLine(state, run);
      whole = true;
      await journal.note(entry);
    },
  };
}

/** A line that was cut off must not swallow the one that comes after it. */
async function endCutOffLine(state: StateFolder, run: SetId): Promise<void> {
  const file = journalFile(state, run);
  const text = await state.files.read(file);
  if (text !== undefined && text !== '' && !text.endsWith('\n')) await state.files.append(file, '\n');
}

function journalOf(state: StateFolder, run: SetId): Journal {
  const { files } = state;
  const folder = runFolder(state, run);
  return {
    run,
    async note(entry) {
      await files.append(journalFile(state, run), `${jsonLine(entry)}\n`);
      await files.sync(journalFile(state, run));
    },
    window: (record) => files.writeWhole(join(folder, 'window.json'), jsonText(record)),
    finish: (result) => files.writeWhole(join(folder, RESULT), jsonText(result)),
  };
}

/** How it ended, as far as that can be read; the rest of its folder is not looked at. */
export async function readResult(state: StateFolder, run: SetId): Promise<RunResult | undefined> {
  const text = await settle(() => state.files.read(join(runFolder(state, run), RESULT)));
  const read = text.ok && text.value !== undefined ? resultShape.safeParse(parseJson(text.value)) : undefined;
  return read?.success === true ? read.data : undefined;
}

/** Reads what there is, and never rejects; half a line, or a file of another version, is named in `faults`. */
export async function readRun(state: StateFolder, run: SetId): Promise<RunRecord> {
  const faults: string[] = [];
  const folder = runFolder(state, run);
  const textOf = async (name: string): Promise<string | undefined> => {
    try {
      return await state.files.read(join(folder, name));
    } catch (thrown) {
      faults.push(asFault(thrown).message);
      return undefined;
    }
  };
  const document = async <T>(name: string, shape: z.ZodType<T, unknown>): Promise<T | undefined> => {
    const text = await textOf(name);
    if (text === undefined) return undefined;
    const read = shape.safeParse(parseJson(text));
    if (read.success) return read.data;
    faults.push(`${name} cannot be read: it is damaged, or of another version`);
    return undefined;
  };
  const intent = await document('intent.json', intentShape);
  const window = await document('window.json', windowRecord);
  const result = await document(RESULT, resultShape);
  const { entries, unread } = entriesOf((await textOf('journal.jsonl')) ?? '');
  if (unread > 0) faults.push(`journal.jsonl: ${unread} of its lines cannot be read`);
  return {
    run,
    entries,
    faults,
    ...(intent === undefined ? {} : { intent }),
    ...(window === undefined ? {} : { window }),
    ...(result === undefined ? {} : { result }),
  };
}

/** Whether a hold or a snapshot may have been sent: what cannot be read of a journal may hide that it came to that. */
export function mayHaveOpened({ entries, faults }: RunRecord): boolean {
  return faults.length > 0 || entries.some(({ type }) => type === 'opening');
}

const RESULT = 'result.json';

function journalFile(state: StateFolder, run: SetId): string {
  return join(runFolder(state, run), 'journal.jsonl');
}

/** Only lines that were ended count: the last of a torn journal has no newline. */
function entriesOf(text: string): { readonly entries: readonly JournalEntry[]; readonly unread: number } {
  const lines = text.split('\n');
  const cutOff = lines.pop();
  const read = lines.filter((line) => line !== '').map((line) => entryShape.safeParse(parseJson(line)));
  const entries = read.flatMap((entry) => (entry.success ? [entry.data] : []));
  return { entries, unread: read.length - entries.length + (cutOff === '' ? 0 : 1) };
}
