import type { Clock } from '../../base/clock.ts';
import type { Deadline } from '../../base/deadline.ts';
import { Fault } from '../../base/fault.ts';
import { quoted } from '../../base/quoted.ts';
import { pasted } from '../../base/shell-word.ts';
import type { Finding, ProbeReport, VmName } from '../../model.ts';
import type { Guest, Quiescer } from '../../ports.ts';
import { holderChannel } from '../holder/channel.ts';
import { INSTALLED_PATH } from '../holder/print.ts';
import { type Delivery, type Started, startHolder } from '../holder/start.ts';
import { escapeWord } from '../holder/words.ts';
import { isDisk } from '../probe/blocks.ts';
import { type Choice, choose } from '../probe/choose.ts';
import { countFindings, uncounted } from '../probe/counted.ts';
import { biosUuidIn, type Facts, factsIn } from '../probe/facts.ts';
import { changed, fingerprint } from '../probe/fingerprint.ts';
import { type GuestView, guestView } from '../probe/guest.ts';
import { guestDisk } from '../probe/identity.ts';
import { usesOf } from '../probe/uses.ts';
import { unwritable } from '../probe/writes.ts';
import type { FsfreezeSettings } from './config.ts';

const METHOD = 'fsfreeze';

/** Freezes the guest's file systems by FIFREEZE, through a holder in the guest that lets go by itself. */
export function fsfreeze(settings: FsfreezeSettings, parts: { readonly clock: Clock }): Quiescer {
  const delivery: Delivery = {
    holder:
      settings.holder === 'sent'
        ? 'sent'
        : settings.holder === 'installed'
          ? { path: INSTALLED_PATH }
          : settings.holder,
    sudo: settings.sudo,
    form: settings.interpreter === 'auto' ? undefined : settings.interpreter,
  };
  /** What the plan was made from, by VM: what is held later must be the same. */
  const planned = new Map<string, string>();

  async function look(guest: Guest, limit: Deadline): Promise<{ started: Started; view: GuestView; choice: Choice }> {
    const started = await startHolder(await guest.connect(limit), delivery, limit);
    try {
      const view = guestView(factsIn(await started.session.ask(['probe'], (report) => report.kind === 'end', limit)));
      return { started, view, choice: choose(view, settings.mounts, started.form, guest.vm) };
    } catch (thrown) {
      started.session.end();
      throw thrown;
    }
  }

  return {
    method: METHOD,
    gives: 'filesystem',
    bound: 'lease + 1 s',
    isHeld: async (guest, limit) => unwritable(await guest.connect(limit), limit),
    remedy: (mounts) => mounts.map((mount) => pasted(['fsfreeze', '--unfreeze', mount])),

    async probe(guest, limit) {
      const { started, view, choice } = await look(guest, limit);
      started.session.end();
      planned.set(guest.vm, fingerprint(view, choice.superblocks));
      return reportOf(guest.vm, started, view, choice);
    },

    async open(guest, order, limit) {
      const { started, view, choice } = await look(guest, limit);
      const { session } = started;
      try {
        refuse(guest, choice.findings);
        const before = planned.get(guest.vm);
        const now = fingerprint(view, choice.superblocks);
        if (before !== undefined && before !== now) throw changed(session.where);
        const blind = uncounted(view);
        const watches = order.watches.filter((disk) => !blind.has(disk));
        const reports = await session.ask(
          [
            'open',
            `owner=${escapeWord(order.owner)}`,
            `max-lease=${Math.ceil(order.maxLeaseMs)}`,
            `mounts=${choice.paths.map(escapeWord).join(',')}`,
            `watch=${watches.map(escapeWord).join(',')}`,
          ],
          (report) => report.kind === 'ready',
          limit,
        );
        return holderChannel({
          session,
          clock: parts.clock,
          held: { gives: watches.length < order.watches.length ? 'crash' : order.gives, covers: order.covers },
          watches,
          maxLeaseMs: order.maxLeaseMs,
          things: reports.flatMap((report) => (report.kind === 'mount' ? report.path : [])),
          failed: ({ why }, mount) => notFrozen(session.where, mount, why),
          async flush(deadline) {
            await session.ask(['sync'], (report) => report.kind === 'synced', deadline);
          },
          async recheck(deadline) {
            const facts = factsIn(await session.ask(['look'], (report) => report.kind === 'end', deadline));
            if (fingerprint(guestView(withTables(view.facts, facts)), choice.superblocks) !== now)
              throw changed(session.where);
            await session.ask(['arm'], (report) => report.kind === 'armed', deadline);
          },
        });
      } catch (thrown) {
        session.end();
        throw thrown;
      }
    },
  };
}

function reportOf(vm: VmName, started: Started, view: GuestView, choice: Choice): ProbeReport {
  const uses = usesOf(view, choice.superblocks);
  const blind = countFindings(view, uses, vm);
  const biosUuid = biosUuidIn(view.facts);
  const errors = choice.findings.filter((finding) => finding.severity === 'error');
  const can = errors.length === 0 ? `${choice.paths.join(', ')} can be frozen` : (errors[0]?.message ?? '');
  return {
    method: METHOD,
    gives: blind.length > 0 ? 'crash' : 'filesystem',
    disks: [...view.blocks.values()].filter(isDisk).map((block) => guestDisk(block, view.facts)),
    uses,
    findings: [...choice.findings, ...blind],
    ...(biosUuid === undefined ? {} : { biosUuid }),
    summary: `${started.described}: ${can}`,
  };
}

function withTables(facts: Facts, newer: Facts): Facts {
  return {
    ...facts,
    files: new Map([...facts.files, ...newer.files]),
    links: new Map([...facts.links, ...newer.links]),
  };
}

function refuse(guest: Guest, findings: readonly Finding[]): void {
  const [first, ...more] = findings.filter((finding) => finding.severity === 'error');
  if (first === undefined) return;
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
  throw new Fault({
    code: first.code,
    message: `${guest.vm}: ${first.message}${others}`,
    ...(first.hint === undefined ? {} : { hint: first.hint }),
  });
}

function notFrozen(where: string, mount: string, why: string): Fault {
  if (why === 'EBUSY') {
    return new Fault({
      code: 'quiesce.frozen-by-another',
      message: `${where}: ${mount} is frozen by somebody else, and was left so`,
      hint: `Find out who froze it; ${pasted(['fsfreeze', '--unfreeze', mount])} lets it go.`,
    });
  }
  return new Fault({
    code: 'quiesce.freeze-failed',
    message: `${where}: ${mount} could not be frozen: ${quoted(why)}`,
    hint: 'See the kernel log of the guest.',
  });
}
