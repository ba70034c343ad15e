import type { Call, SessionMethod } from './call.ts';
import { answerOf } from './call.ts';
import { collect, parseFilterSpec } from './collect.ts';
import { child, textOf } from './element.ts';
import { VimFault } from './fault.ts';
import { collectorOf, newCollector, type PropertyCollector, type Session } from './session.ts';
import { anyField, field, reference, text, type Value } from './value.ts';

/** Property collectors with their filters, and waiting for what changes in them. */
export const UPDATES: Readonly<Record<string, SessionMethod>> = {
  CreatePropertyCollector(_call, session) {
    const id = session.newId();
    session.collectors.set(id, newCollector());
    return answerOf({ type: 'PropertyCollector', id });
  },
  DestroyPropertyCollector({ target }, session) {
    collectorOf(session, target).cancel();
    session.collectors.delete(target.id);
    return '';
  },
  CreateFilter({ request, target, lookup }, session) {
    const written = child(request, 'spec');
    if (written === undefined) throw new VimFault('InvalidArgument', 'A specified parameter was not correct: spec');
    const spec = parseFilterSpec(written);
    // What is wrong with it is told now, and not to whoever waits for it.
    collect(spec, lookup, true);
    const id = session.newId();
    collectorOf(session, target).filters.set(id, spec);
    return answerOf({ type: 'PropertyFilter', id });
  },
  DestroyPropertyFilter({ target }, session) {
    for (const collector of session.collectors.values()) collector.filters.delete(target.id);
    return '';
  },
  CancelWaitForUpdates({ target }, session) {
    collectorOf(session, target).cancel();
    return '';
  },
  WaitForUpdatesEx(call, session) {
    const options = child(call.request, 'options');
    const seconds = options === undefined ? undefined : textOf(options, 'maxWaitSeconds');
    return updates(call, session, seconds === undefined ? undefined : Number(seconds));
  },
  WaitForUpdates: (call, session) => updates(call, session, undefined),
  CheckForUpdates: (call, session) => updates(call, session, 0),
};

/**
 * Without a version everything is told, then what filters were made since; as nothing changes here by itself, the next
 * ones wait as long as they are asked to.
 */
async function updates(call: Call, session: Session, seconds: number | undefined): Promise<string> {
  const collector = collectorOf(session, call.target);
  const version = textOf(call.request, 'version') ?? '';
  if (version === '') collector.told.clear();
  else if (version !== String(collector.version)) {
    throw new VimFault('InvalidCollectorVersion', 'The version of the collector is not the last one that it answered.');
  }
  const untold = [...collector.filters.keys()].filter((id) => !collector.told.has(id));
  if (version === '' || untold.length > 0) return changesOf(call, collector, untold);
  await new Promise<void>((resolve) => {
    const timer = seconds === undefined ? undefined : setTimeout(resolve, seconds * 1000);
    collector.cancel = () => {
      clearTimeout(timer);
      resolve();
    };
    call.gone.addEventListener('abort', () => collector.cancel(), { once: true });
  });
  return '';
}

function changesOf({ lookup }: Call, collector: PropertyCollector, ids: readonly string[]): string {
  const filters = ids.flatMap((id) => {
    const spec = collector.filters.get(id);
    if (spec === undefined) return [];
    collector.told.add(id);
    const objects = collect(spec, lookup, true).map((object) => {
      const changes = object.properties.map(({ path, value }) => change(path, value));
      return `<objectSet><kind>enter</kind>${field('obj', reference(object.ref))}${changes.join('')}</objectSet>`;
    });
    return [`<filterSet>${field('filter', reference({ type: 'PropertyFilter', id }))}${objects.join('')}</filterSet>`];
  });
  collector.version += 1;
  return `<returnval><version>${collector.version}</version>${filters.join('')}</returnval>`;
}

function change(path: string, value: Value): string {
  return `<changeSet>${field('name', text(path))}<op>assign</op>${anyField('val', value)}</changeSet>`;
}
