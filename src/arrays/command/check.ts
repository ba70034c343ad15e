import type { Deadline } from '../../base/deadline.ts';
import { settle } from '../../base/gather.ts';
import type { ArrayId, Finding } from '../../model.ts';
import type { ArrayTraits } from '../../ports.ts';
import { wrongWithName } from '../names.ts';
import type { VolumeEntry } from '../parts.ts';
import type { CommandApi } from './api.ts';
import type { Rows } from './rows.ts';
import { bytesIn } from './size.ts';

const ROWS_SHOWN = 3;
/** Of lines that could not be read: all, but a log full of them helps nobody. */
const UNREAD_SHOWN = 50;

/** Runs `list` and `find`, and shows how they were understood. */
export async function checkCommands(
  array: ArrayId,
  parts: { readonly api: CommandApi; readonly volumes: readonly VolumeEntry[]; readonly traits: ArrayTraits },
  deadline: Deadline,
): Promise<readonly Finding[]> {
  const { api, volumes, traits } = parts;
  const subject = `array ${array}`;
  const [list, find] = await Promise.all([settle(() => api.list(deadline)), settle(() => api.find(deadline))]);
  const findings: Finding[] = [];
  for (const [name, outcome] of [
    ['list', list],
    ['find', find],
  ] as const) {
    if (!outcome.ok) findings.push(failed(subject, outcome.fault));
    else if (outcome.value !== undefined) findings.push(...read(array, name, outcome.value));
  }
  const names = volumes.map((volume) => volume.name);
  for (const name of names) {
    const wrong = wrongWithName(name);
    const unknown = list.ok && list.value?.rows.every((row) => row.volume !== name);
    if (wrong !== undefined || unknown) findings.push(notThere(subject, name, wrong ?? 'is not in what list prints'));
  }
  return [...findings, ...untold(array, traits)];
}

function read(array: ArrayId, name: 'list' | 'find', { rows, unread }: Rows): readonly Finding[] {
  const subject = `array ${array}`;
  const shown = rows.slice(0, ROWS_SHOWN).map((row) =>
    Object.entries(row)
      .map(([column, value]) => `${column}=${value}`)
      .join(' '),
  );
  const count = `${name} understands ${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`;
  const note: Finding = {
    code: 'array.rows',
    severity: 'note',
    subject,
    message: shown.length === 0 ? count : `${count}, the first: ${shown.join(' | ')}`,
  };
  const lines = unread.slice(0, UNREAD_SHOWN).map(
    (line): Finding => ({
      code: 'array.unread-row',
      severity: 'warning',
      subject,
      message: `${name} prints a line that its row does not match: ${line.slice(0, 200)}`,
      hint: `Mend arrays.${array}.${name}, or make its command print rows only.`,
    }),
  );
  const more = unread.length - lines.length;
  const rest: Finding = {
    code: 'array.unread-row',
    severity: 'warning',
    subject,
    message: `${more} more such lines of ${name}`,
  };
  return [note, ...lines, ...(more > 0 ? [rest] : []), ...inexact(array, name, rows)];
}

function inexact(array: ArrayId, name: 'list' | 'find', rows: Rows['rows']): readonly Finding[] {
  const words = rows.flatMap(({ size }) => (size === undefined || bytesIn(size) !== undefined ? [] : [size]));
  const [first] = words;
  if (first === undefined) return [];
  return [
    {
      code: 'array.size-not-exact',
      severity: 'warning',
      subject: `array ${array}`,
      message: `${name} prints sizes that may be rounded, or in units of 1000 or of 1024, such as ${first}: sizes are not compared`,
      hint: `Make arrays.${array}.${name} print bytes, or whole KiB, MiB or GiB (zfs list -p, lvs --units b).`,
    },
  ];
}

function untold(array: ArrayId, { answers, tells }: ArrayTraits): readonly Finding[] {
  const subject = `array ${array}`;
  const findings: Finding[] = [];
  if (answers === 'accepted') {
    findings.push({
      code: 'array.only-accepted',
      severity: 'warning',
      subject,
      message:
        'nothing says when a snapshot is taken: a set of one cut unit is crash at best, any other with this array unproven',
      hint: `If exit 0 means that the snapshot exists, say arrays.${array}.answers: cut; else ask with arrays.${array}.settled.`,
    });
  }
  if (!tells.id) {
    const message = 'find tells no id of a snapshot: only its name, its volume and its time say that it is still ours';
    findings.push({ code: 'array.tells-no-id', severity: 'note', subject, message });
  }
  if (!tells.time) {
    findings.push({
      code: 'array.tells-no-time',
      severity: 'note',
      subject,
      message: 'find tells no time of a snapshot',
    });
  }
  return findings;
}

function failed(
  subject: string,
  fault: { readonly code: string; readonly message: string; readonly hint: string | undefined },
): Finding {
  const { code, message, hint } = fault;
  return { code, severity: 'error', subject, message, ...(hint === undefined ? {} : { hint }) };
}

function notThere(subject: string, name: string, wrong: string): Finding {
  return {
    code: 'array.no-such-volume',
    severity: 'error',
    subject,
    message: `volume ${name} ${wrong}`,
    hint: 'Look at the name under volumes: it is the name that the commands take.',
  };
}
