import type { Clock } from '../../base/clock.ts';
import type { Deadline } from '../../base/deadline.ts';
import { Fault } from '../../base/fault.ts';
import { quoted } from '../../base/quoted.ts';
import { pasted } from '../../base/shell-word.ts';
import type { Finding } from '../../model.ts';
import type { Guest, Quiescer } from '../../ports.ts';
import { sudoed } from '../../transport/sudo.ts';
import { holderChannel } from '../holder/channel.ts';
import { argvOf, programText } from '../holder/programs.ts';
import { session } from '../holder/session.ts';
import { startHolder } from '../holder/start.ts';
import { escapeWord } from '../holder/words.ts';
import { isDisk } from '../probe/blocks.ts';
import { countFindings, uncounted } from '../probe/counted.ts';
import { biosUuidIn, factsIn } from '../probe/facts.ts';
import { changed, fingerprint } from '../probe/fingerprint.ts';
import { type GuestView, guestView } from '../probe/guest.ts';
import { guestDisk } from '../probe/identity.ts';
import { usesOf } from '../probe/uses.ts';
import type { ScriptSettings } from './config.ts';

const METHOD = 'script';
const THING = 'what the hold command holds';

/** Holds by a site's own commands, under a keeper in the guest that runs the release by itself when nobody else does. */
export function script(settings: ScriptSettings, parts: { readonly clock: Clock }): Quiescer {
  /** What the plan was made from, by VM: what is held later must be the same. With the disks that cannot be watched. */
  const planned = new Map<string, { readonly ground: string; readonly blind: ReadonlySet<string> }>();

  return {
    method: METHOD,
    gives: settings.gives,
    bound: boundOf(settings),
    remedy: () => [pasted([...(settings.sudo ? ['sudo'] : []), ...settings.release])],

    async isHeld(guest, limit) {
      const { check } = settings;
      const shell = await guest.connect(limit);
      if (check === undefined) throw cannotTell(shell.where);
      const { exit } = await (settings.sudo ? sudoed(shell, callsSudo) : shell).run(check, { deadline: limit });
      return exit === 0 ? [THING] : [];
    },

    async probe(guest, limit) {
      const view = await look(guest, limit);
      const paths = view.local.map((mount) => mount.path);
      const covered = coveredIn(view);
      const blind = new Set(uncounted(view).keys());
      planned.set(guest.vm, { ground: fingerprint(view, covered), blind });
      const uses = usesOf(view, covered);
      const notCounted = countFindings(view, uses, guest.vm);
      const biosUuid = biosUuidIn(view.facts);
      return {
        method: METHOD,
        gives: notCounted.length > 0 ? 'crash' : settings.gives,
        ...(settings.covers.length === 0 ? { lends: true as const } : {}),
        disks: [...view.blocks.values()].filter(isDisk).map((block) => guestDisk(block, view.facts)),
        uses,
        findings: [
          ...(await absent(guest, limit)),
          ...notMounted(guest, paths),
          ...notSeen(guest, view),
          ...notCounted,
        ],
        ...(biosUuid === undefined ? {} : { biosUuid }),
        summary: `${settings.hold[0]} holds, ${settings.release[0]} lets go`,
      };
    },

    async open(guest, order, limit) {
      await stillAsPlanned(guest, limit);
      const shell = await guest.connect(limit);
      const blind = planned.get(guest.vm)?.blind;
      const watches = order.watches.filter((disk) => blind?.has(disk) !== true);
      const dialogue = await (settings.sudo ? sudoed(shell, callsSudo) : shell).start(argvOf('keeper', 'sh'), limit);
      dialogue.write(programText('keeper'));
      const keeper = session(dialogue, shell.where);
      try {
        await keeper.ask(
          ['open', ...openWords(settings, order.maxLeaseMs, watches)],
          (report) => report.kind === 'ready',
          limit,
        );
      } catch (thrown) {
        keeper.end();
        throw thrown;
      }
      return holderChannel({
        session: keeper,
        clock: parts.clock,
        held: { gives: watches.length < order.watches.length ? 'crash' : order.gives, covers: order.covers },
        watches,
        maxLeaseMs: order.maxLeaseMs,
        things: [THING],
        releaseWords: (cut) => [`snapshot=${cut}`],
        failed: ({ why, said }) => notHeld(shell.where, settings, why, said),
        async flush() {},
        recheck: (deadline) => stillAsPlanned(guest, deadline),
      });
    },
  };

  async function look(guest: Guest, limit: Deadline): Promise<GuestView> {
    const delivery = { holder: 'sent', sudo: settings.sudo, form: undefined, remedy: callsSudo } as const;
    const { session: holder } = await startHolder(await guest.connect(limit), delivery, limit);
    try {
      return guestView(factsIn(await holder.ask(['probe'], (report) => report.kind === 'end', limit)));
    } finally {
      holder.end();
    }
  }

  function coveredIn(view: GuestView): ReadonlySet<string> {
    const covered = view.local.filter((mount) => settings.covers.includes(mount.path));
    return new Set(covered.map((mount) => mount.superblock));
  }

  /** Where nothing is covered, nothing depends on what is mounted. */
  async function stillAsPlanned(guest: Guest, limit: Deadline): Promise<void> {
    const before = planned.get(guest.vm)?.ground;
    if (before === undefined || settings.covers.length === 0) return;
    const view = await look(guest, limit);
    if (fingerprint(view, coveredIn(view)) !== before) throw changed((await guest.connect(limit)).where);
  }

  /** What only root sees decides whether a disk is still. */
  function notSeen(guest: Guest, view: GuestView): readonly Finding[] {
    if (settings.covers.length === 0 || view.isRoot) return [];
    return [
      {
        code: 'quiesce.not-root',
        severity: 'warning',
        subject: guest.vm,
        message: `without root it cannot be seen which machine this is, nor who else uses the disks under ${settings.covers.join(', ')}`,
        hint: 'Say `sudo: true`, or log in as root.',
      },
    ];
  }

  /** Commands that the guest does not know, before anything depends on them. */
  async function absent(guest: Guest, limit: Deadline): Promise<readonly Finding[]> {
    const shell = await guest.connect(limit);
    const names = [...new Set([settings.hold, settings.release, settings.check ?? []].flatMap(([name]) => name ?? []))];
    const look = 'PATH=$PATH:/usr/sbin:/sbin; for name; do command -v "$name" > /dev/null || echo "$name"; done';
    const { stdout } = await shell.run(['sh', '-c', look, 'sh', ...names], { deadline: limit });
    const missing = new Set(stdout.split('\n'));
    return names
      .filter((name) => missing.has(name))
      .map((name) => ({
        code: 'quiesce.no-such-command',
        severity: 'error',
        subject: guest.vm,
        message: `there is no command ${name} in the guest`,
        hint: 'Write its whole path, or install it there.',
      }));
  }

  function notMounted(guest: Guest, found: readonly string[]): readonly Finding[] {
    return settings.covers
      .filter((path) => !found.includes(path))
      .map((path) => ({
        code: 'quiesce.not-a-mount-point',
        severity: 'error',
        subject: guest.vm,
        message: `\`covers\` names ${path}, where no local file system is mounted`,
        hint: 'Name the mount point itself.',
      }));
  }
}

/** The keeper is a shell: a line of sudoers for it would make the login root. */
function callsSudo(user: string): string {
  return `Leave out \`sudo\`, let the commands themselves begin with sudo -n, and give ${user} a line of sudoers for each; or log in as root.`;
}

/** A check is ended after two seconds; it is asked when all is held, and again before it is let go. */
function boundOf({ check, release: [release], releaseLimit }: ScriptSettings): string {
  const checked = check === undefined ? '' : `what ${check[0]} takes (twice, at most 2 s each), `;
  return `lease + 1 s, ${checked}and what ${release} takes (tried up to five times, ${releaseLimit} each)`;
}

/** That its file systems take a write says nothing of an application. */
function cannotTell(where: string): Fault {
  return new Fault({
    code: 'quiesce.cannot-tell',
    message: `${where}: \`script\` has no \`check\`, and without one nobody can tell whether the application is still held`,
    hint: 'Release it by hand, and add `check` to the method. A later run whose release is confirmed settles it.',
  });
}

function openWords(settings: ScriptSettings, maxLeaseMs: number, watches: readonly string[]): readonly string[] {
  const list = (name: string, argv: readonly string[]): string => `${name}=${argv.map(escapeWord).join(',')}`;
  return [
    `max-lease=${Math.ceil(maxLeaseMs)}`,
    list('hold', settings.hold),
    list('release', settings.release),
    ...(settings.check === undefined ? [] : [list('check', settings.check)]),
    `watch=${watches.map(escapeWord).join(',')}`,
    `release-limit=${Number.parseInt(settings.releaseLimit, 10) * 10}`,
  ];
}

function notHeld(where: string, settings: ScriptSettings, why: string, said: string): Fault {
  const last = said === '' ? '' : `: ${quoted(said)}`;
  const message =
    why === 'check'
      ? `${where}: ${settings.hold[0]} succeeded, and ${settings.check?.[0]} says that nothing is held${last}`
      : `${where}: ${settings.hold[0]} failed (exit ${quoted(why)})${last}`;
  return new Fault({
    code: 'quiesce.hold-command',
    message,
    hint: `Run it by hand on ${where}; it was released again.`,
  });
}
