import { answerOf, type SessionMethod } from './call.ts';
import { notFound } from './collect.ts';

/** What happened: nothing, ever. Its collectors are real, and tell just that. */
export const HISTORY: Readonly<Record<string, SessionMethod>> = {
  QueryEvents: () => '',
  CreateCollectorForEvents: collectorFor('EventHistoryCollector'),
  CreateCollectorForTasks: collectorFor('TaskHistoryCollector'),
  ReadNextEvents: () => '',
  ReadPreviousEvents: () => '',
  ReadNextTasks: () => '',
  ReadPreviousTasks: () => '',
  SetCollectorPageSize: () => '',
  ResetCollector: () => '',
  RewindCollector: () => '',
  DestroyCollector({ target }, session) {
    if (!session.histories.delete(target.id)) throw notFound(target);
    return '';
  },
};

function collectorFor(type: string): SessionMethod {
  return (_call, session) => {
    const id = session.newId();
    session.histories.set(id, type);
    return answerOf({ type, id });
  };
}
