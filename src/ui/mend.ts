import { count } from '../base/count.ts';
import type { Mended, MendReport } from '../flows/mend/parts.ts';
import { type Paint, PLAIN } from './paint.ts';
import { age } from './sizes.ts';
import { WIDTH, wrap } from './text.ts';

/** What was mended, or would be; who was asked; what stays open; what is somebody else's. */
export function mendLines(
  report: MendReport,
  doing: 'look' | 'mend',
  now: Date,
  paint: Paint = PLAIN,
): readonly string[] {
  const { mended, guests, left, foreign } = report;
  const strangers = foreign.map(({ array, label, names, createdAt }) => {
    const old = createdAt === undefined ? 'of unknown age' : `${age(now.getTime() - Date.parse(createdAt))} old`;
    return `array ${array}: ${count(names.length, 'snapshot')} under ${label}, ${old}: ${names.join(', ')}`;
  });
  const nothing = mended.length + guests.length + left.length === 0;
  return [
    ...(nothing ? ['No run needs mending.'] : []),
    ...section(doing === 'look' ? 'Would be mended:' : 'Mended:', mended.map(mendedText)),
    ...section(
      'Guests:',
      guests.map(({ text }) => text),
    ),
    ...section('Stays open:', left).map((line) => paint.warn(line)),
    ...section(
      'Snapshots with a Stillpoint label that this state folder does not know (left alone; to list them: mend --rebuild):',
      strangers,
    ),
  ];
}

/** The same for machines. */
export function mendDocument(report: MendReport): Readonly<Record<string, unknown>> {
  const { mended, guests, left, foreign } = report;
  return { mended, guests, left, foreign };
}

function mendedText({ id, text }: Mended): string {
  return `${id}: ${text}`;
}

function section(title: string, texts: readonly string[]): readonly string[] {
  return texts.length === 0 ? [] : [title, ...texts.flatMap((text) => wrap(text, WIDTH, '    ', '  '))];
}
