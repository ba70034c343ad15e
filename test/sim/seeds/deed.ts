import { asFault, type Fault } from '../../../src/base/fault.ts';
import type { MendReport } from '../../../src/flows/mend/parts.ts';
import type { RunReport } from '../../../src/flows/snapshot/run-parts.ts';
import type { SetId } from '../../../src/model.ts';
import type { RunEvent } from '../../../src/ports.ts';
import type { GroupSettings } from '../../../src/topology/topology.ts';
import type { Machine } from './machine.ts';
import type { Process } from './process.ts';

/** One operation that a process carried out, or died over. */
export interface Deed {
  readonly number: number;
  readonly kind: 'snapshot' | 'mend' | 'look' | 'remove';
  readonly machine: Machine;
  readonly group: GroupSettings;
  readonly run: SetId;
  readonly events: readonly RunEvent[];
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Nothing was drawn against it: what it does not do well is its own doing. */
  readonly calm: boolean;
  /** The files of its machine were changed while it was on its way, alone. */
  readonly wrote: boolean;
  readonly end: DeedEnd;
}

export type DeedEnd =
  | { readonly how: 'died' }
  | { readonly how: 'snapshot'; readonly report: RunReport }
  | { readonly how: 'mended'; readonly report: MendReport }
  | { readonly how: 'removed'; readonly left: readonly string[] }
  | { readonly how: 'fault'; readonly fault: Fault };

/** What a process is asked to do; the set's id of a removal. */
export type Errand = { readonly kind: 'snapshot' | 'mend' | 'look' } | { readonly kind: 'remove'; readonly id: string };

/** Sends a process on its errand, to its end or to its death. */
export async function carriedOut(process: Process, errand: Errand, group: GroupSettings): Promise<DeedEnd> {
  try {
    return await Promise.race([work(process, errand, group), process.life.died]);
  } catch (thrown) {
    return process.life.alive() ? { how: 'fault', fault: asFault(thrown) } : { how: 'died' };
  }
}

async function work(process: Process, errand: Errand, group: GroupSettings): Promise<DeedEnd> {
  switch (errand.kind) {
    case 'snapshot':
      return { how: 'snapshot', report: await process.snapshot(group) };
    case 'remove':
      return { how: 'removed', left: await process.remove(errand.id) };
    default:
      return { how: 'mended', report: await process.mend(errand.kind) };
  }
}
