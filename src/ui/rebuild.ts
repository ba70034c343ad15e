import type { Adoptable } from '../flows/rebuild/adopt.ts';
import type { Rebuilding } from '../flows/rebuild/plan.ts';
import type { RebuildReport } from '../flows/rebuild/rebuild.ts';
import { type Paint, PLAIN } from './paint.ts';
import { mayBeText, whereText } from './rebuilt.ts';
import { age } from './sizes.ts';
import { WIDTH, wrap } from './text.ts';

/** What was written of what the arrays show, or would be. */
export function rebuildLines(
  { changes, left }: RebuildReport,
  doing: 'look' | 'mend',
  paint: Paint = PLAIN,
): readonly string[] {
  const written = changes.filter((change) => change.kind === 'write');
  const stays = changes.filter((change) => change.kind === 'stay');
  const forgotten = changes.filter((change) => change.kind === 'forget');
  const known = written.length + stays.length;
  return [
    ...(known === 0 ? ['The arrays show no label that this state folder does not know.'] : []),
    ...section(doing === 'look' ? 'Would be rebuilt:' : 'Rebuilt:', written.map(writtenText)),
    ...section(
      'Rebuilt before, and the same:',
      stays.map(({ set }) => `${set.id}: ${whereText(set.snapshots)}`),
    ),
    ...section(
      doing === 'look' ? 'Would be forgotten:' : 'Forgotten:',
      forgotten.map(({ id, because }) => `${id}: ${because}`),
    ),
    ...section('Not asked:', left).map((line) => paint.warn(line)),
    ...(known === 0 ? [] : wrap(UNKNOWN, WIDTH)),
  ];
}

export function rebuildDocument(report: RebuildReport, dryRun: boolean): Readonly<Record<string, unknown>> {
  return { type: 'rebuild', dryRun, changes: report.changes, left: report.left };
}

/** What an adoption is about, before anybody says that it may be. */
export function adoptLines({ set }: Adoptable, now: Date): readonly string[] {
  const { id, snapshots, mayBe } = set;
  const each = snapshots.map(({ array, name, source, createdAt }) => {
    const old = createdAt === undefined ? 'of unknown age' : `${age(now.getTime() - Date.parse(createdAt))} old`;
    return `array ${array}: ${name} (of ${source.name}), ${old}`;
  });
  return [
    ...section(`To be adopted, so that \`stillpoint remove ${id}\` may remove it:`, each),
    ...wrap(DANGER, WIDTH),
    ...(mayBe.length === 0 ? [] : wrap(`It may be ${mayBeText(mayBe)}.`, WIDTH)),
  ];
}

const UNKNOWN =
  'Of which group these are, how good, and whether they are whole, no label tells. They count for nothing, and nothing ' +
  'removes them before they are adopted: stillpoint mend --adopt LABEL';

const DANGER =
  'This state folder has not taken it. If another one has, on another machine or in a container, it is that one’s set, ' +
  'perhaps its last good one, and it will not know that it is gone. Nothing here can see that: look there first.';

function writtenText({ set, was }: Extract<Rebuilding, { kind: 'write' }>): string {
  const before = { nothing: 'new', other: 'it was another before', unreadable: 'its record could not be read' };
  const unasked = set.unasked.length === 0 ? '' : `; not asked: ${set.unasked.join(', ')}`;
  const mayBe = set.mayBe.length === 0 ? '' : `; may be ${mayBeText(set.mayBe)}`;
  return `${set.id}: ${whereText(set.snapshots)} (${before[was]})${unasked}${mayBe}`;
}

function section(title: string, texts: readonly string[]): readonly string[] {
  return texts.length === 0 ? [] : [title, ...texts.flatMap((text) => wrap(text, WIDTH, '    ', '  '))];
}
