import { randomBytes } from 'node:crypto';
import { EXIT, Fault } from '../base/fault.ts';
import type { CutLabel, SetId } from '../model.ts';

/** So many bytes that nobody can foretell. A simulation gives its own, so that a run can be played again. */
export type Random = (bytes: number) => Uint8Array;

export const systemRandom: Random = (bytes) => randomBytes(bytes);

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';
const LABEL = /^sp[a-z2-7]{13}$/;
/** A group's name becomes a folder's, so nothing that a path or a shell could read otherwise. It may contain dashes. */
const GROUP = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]{0,63}$/u;
const STAMP = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
const ID = /^(.+)-(\d{8}T\d{6}Z)-([0-9a-f]{4})$/;

/** What a set id tells by itself. */
export interface SetName {
  readonly id: SetId;
  readonly group: string;
  /** When the run began, to the second. */
  readonly startedAt: Date;
}

/** `GROUP-YYYYMMDDThhmmssZ-xxxx`. Refuses a group whose name cannot be a folder's. */
export function newSetId(group: string, date: Date, random: Random = systemRandom): SetId {
  const stamp = date.toISOString().replace(/[-:]|\.\d+/g, '');
  const tail = Buffer.from(random(2)).toString('hex');
  const name = parseSetId(`${group}-${stamp}-${tail}`);
  if (name !== undefined) return name.id;
  throw new Fault({
    code: 'catalog.group-name',
    message: `group ${JSON.stringify(group)}: its name cannot be part of a set's name`,
    hint: 'Use letters, digits, dot, dash and underscore, a letter or digit first, 64 at the most.',
    exit: EXIT.usage,
  });
}

/** `sp` and 13 of `[a-z2-7]`: 65 bits, so that two runs anywhere never share one. */
export function newLabel(random: Random = systemRandom): CutLabel {
  const letters = [...random(13)].map((byte) => LETTERS.charAt(byte % LETTERS.length));
  const label = `sp${letters.join('')}`;
  if (isLabel(label)) return label;
  throw new Error(`a random source gave ${letters.length} bytes instead of 13`);
}

/** The parts of a set id; undefined where the text is none. */
export function parseSetId(text: string): SetName | undefined {
  const [, group = '', stamp = ''] = ID.exec(text) ?? [];
  const startedAt = dateOf(stamp);
  return startedAt !== undefined && GROUP.test(group) && isSetId(text) ? { id: text, group, startedAt } : undefined;
}

export function isLabel(text: string): text is CutLabel {
  return LABEL.test(text);
}

const STAMP_LENGTH = 'YYYYMMDDThhmmssZ'.length;
const TAIL_LENGTH = 'YYYYMMDDThhmmssZ-xxxx'.length;

/** Newest first; of one second, in the order of their names, so that a list never jumps. */
export function newestFirst(a: Pick<SetName, 'id'>, b: Pick<SetName, 'id'>): number {
  // Sign by sign, because a long list is compared a million times.
  for (let sign = 0; sign < STAMP_LENGTH; sign += 1) {
    const [from, against] = [a.id.length - TAIL_LENGTH + sign, b.id.length - TAIL_LENGTH + sign];
    const later = b.id.charCodeAt(against) - a.id.charCodeAt(from);
    if (later !== 0) return later;
  }
  return a.id < b.id ? -1 : 1;
}

/** It has the form of one; whether its date is in the calendar, `parseSetId` tells. */
function isSetId(text: string): text is SetId {
  return ID.test(text);
}

function dateOf(stamp: string): Date | undefined {
  const [, year, month, day, hour, minute, second] = STAMP.exec(stamp) ?? [];
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // The 31st of February rolls over into March: then it is not what was written.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${year}-${month}-${day}T`) ? date : undefined;
}
