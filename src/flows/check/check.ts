import type { Deadline } from '../../base/deadline.ts';
import type { Fault } from '../../base/fault.ts';
import { gather, settle } from '../../base/gather.ts';
import type { Finding } from '../../model.ts';
import { bestText } from '../../plan/perfect.ts';
import type { GroupSettings } from '../../topology/topology.ts';
import { GUESTS_AT_ONCE, type GuestSide, survey, type World } from '../survey.ts';

/** One thing that was looked at. */
export interface Checked {
  /** 'array fast', 'guest mail01', 'group mail' */
  readonly subject: string;
  readonly stands: boolean;
  /** What is true of it, in one line. */
  readonly message: string;
  readonly hint?: string;
  readonly code?: string;
  /** It stands, but somebody should know. */
  readonly warns?: true;
}

/**
 * Looks at everything that a run of these groups would use: every array, every guest, and the plan of every group.
 * Freezes and cuts nothing. Never rejects: what cannot be asked is a thing that does not stand. Worst first.
 */
export async function check(
  world: World,
  groups: readonly GroupSettings[],
  limit: Deadline,
): Promise<readonly Checked[]> {
  const vms = [...new Set(groups.flatMap(({ members }) => members.map(({ vm }) => vm)))];
  const [arrays, guests, plans] = await Promise.all([
    gather([...world.drivers.values()], async (driver) => {
      const found = await driver.check(limit);
      return standing(`array ${driver.id}`, `${driver.traits.make}: reached, ${atOnce(driver.traits.maxGroup)}`, found);
    }),
    gather(vms, (vm) => checkGuest(vm, world.guests.get(vm), limit), GUESTS_AT_ONCE),
    gather(groups, (group) => checkGroup(world, group, limit)),
  ]);
  const all = [
    ...settled(arrays, (index) => `array ${[...world.drivers.keys()][index]}`),
    ...settled(guests, (index) => `guest ${vms[index]}`),
    ...settled(plans, (index) => `group ${groups[index]?.name}`),
  ];
  return worstFirst(withoutRepeats(all));
}

async function checkGuest(vm: string, side: GuestSide | undefined, limit: Deadline): Promise<readonly Checked[]> {
  const subject = `guest ${vm}`;
  const methods = side === undefined ? [] : [...side.quiescers, ...(side.snapshotters ?? [])];
  if (side === undefined || methods.length === 0) {
    return [{ subject, stands: true, message: 'not quiesced; its snapshot is crash-consistent' }];
  }
  const lines: Checked[] = [];
  for (const method of methods) {
    const report = await method.probe(side.guest, limit);
    lines.push(...standing(subject, `${method.method}: ${report.summary}`, report.findings));
  }
  return lines;
}

/** A plan is made as a run would make it; what its guests and arrays say of themselves stands on their own lines. */
async function checkGroup(world: World, group: GroupSettings, limit: Deadline): Promise<readonly Checked[]> {
  const subject = `group ${group.name}`;
  const planned = await settle(() => survey({ ...world, emit: () => {} }, group, limit));
  if (!planned.ok) return [fell(planned.fault.code.startsWith('vsphere.') ? 'vSphere' : subject, planned.fault)];
  const { require, findings, disks, arrays, placement } = planned.value;
  const units = arrays.reduce((sum, array) => sum + array.units.length, 0);
  const reach = `can reach ${bestText(planned.value)}; ${require} is required`;
  return [
    { subject: 'vSphere', stands: true, message: placement.source },
    ...standing(subject, `${disks.length} disks in ${units} cut ${units === 1 ? 'unit' : 'units'}; ${reach}`, findings),
  ];
}

function standing(subject: string, message: string, findings: readonly Finding[]): readonly Checked[] {
  const wrong = findings.filter(({ severity }) => severity === 'error');
  const said = findings.filter(({ severity }) => severity === 'warning');
  const notes = findings.filter(({ severity }) => severity === 'note');
  return [
    ...wrong.map((finding): Checked => ({ ...lineOf(finding), stands: false })),
    ...said.map((finding): Checked => ({ ...lineOf(finding), stands: true, warns: true })),
    ...(wrong.length === 0 ? [{ subject, stands: true, message }] : []),
    ...notes.map((finding): Checked => ({ ...lineOf(finding), stands: true })),
  ];
}

function lineOf({ code, subject, message, hint }: Finding): Omit<Checked, 'stands'> {
  return { code, subject, message, ...(hint === undefined ? {} : { hint }) };
}

function fell(subject: string, { code, message, hint }: Fault): Checked {
  return { code, subject, stands: false, message, ...(hint === undefined ? {} : { hint }) };
}

function settled(
  outcomes: Awaited<ReturnType<typeof gather<unknown, readonly Checked[]>>>,
  nameOf: (index: number) => string,
): readonly Checked[] {
  return outcomes.flatMap((outcome, index) => (outcome.ok ? outcome.value : [fell(nameOf(index), outcome.fault)]));
}

/** What stands or falls is said once, and not again for each group that uses it; of two guests it is said twice. */
function withoutRepeats(lines: readonly Checked[]): readonly Checked[] {
  const seen = new Set<string>();
  return lines.filter((line) => {
    const key = line.code === undefined ? `${line.subject} ${line.message}` : idOf(line);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** A group that fails for an array or a guest says in the message whose fault it is. */
function idOf({ code, subject, message }: Checked): string {
  const [prefix = '', named] = /^((?:array|guest|vm) .+?): /.exec(message) ?? [];
  const who = (named ?? subject).replace(/^(?:guest|vm) /, '');
  return `${code} ${who} ${message.slice(prefix.length)}`;
}

function worstFirst(lines: readonly Checked[]): readonly Checked[] {
  const rank = (line: Checked): number => (line.stands ? (line.warns === true ? 1 : 2) : 0);
  return [...lines].sort((a, b) => rank(a) - rank(b));
}

function atOnce(maxGroup: number): string {
  return maxGroup === 1 ? 'each volume is cut by itself' : 'volumes can be cut at one instant';
}
