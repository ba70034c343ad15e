import { EXIT, Fault } from '../../base/fault.ts';
import { own } from '../../base/own.ts';
import { quoted } from '../../base/quoted.ts';
import { pasted } from '../../base/shell-word.ts';
import type { Report } from './words.ts';

/** A holder's ERROR as a Fault. */
export function refusal(where: string, { reason, ...said }: Extract<Report, { kind: 'error' }>): Fault {
  const [what, detail] = [quoted(said.what), quoted(said.detail)];
  if (reason === 'locked') {
    return new Fault({
      code: 'locked',
      message: `${where}: the guest is held, or about to be, by ${what}`,
      hint: 'Wait for it, or end it there: a guest has one holder at a time.',
      exit: EXIT.locked,
    });
  }
  const hint = hintFor(reason, what);
  return new Fault({
    code: `quiesce.${/^[a-z-]{1,40}$/.test(reason) ? reason : 'cannot-hold'}`,
    message: `${where}: ${own(SENTENCES, reason)?.(what) ?? `${what} cannot be held (${quoted(reason)})`}${detail === '-' ? '' : `: ${detail}`}`,
    ...(hint === undefined ? {} : { hint }),
  });
}

const SENTENCES: Readonly<Record<string, (what: string) => string>> = {
  'not-a-mount-point': (what) => `${what} is not a mount point`,
  'sh-holds-no-root': () => 'the sh form of the holder does not hold /',
  'not-freezable': (what) => `${what} cannot be frozen`,
  'cannot-open': (what) => `${what} cannot be opened`,
  'is-root': () => '/ would be frozen without being named',
  'swap-file': (what) => `swap file ${what} is in use`,
  'loop-backing': (what) => `${what} is the backing file of a loop device`,
  'not-allowed': (what) => `${what} is not allowed to be held`,
  'sudo-relays': () => 'sudo stands between us and the holder',
  'not-root': () => 'the holder does not run as root',
  'no-lock': (what) => `${what} cannot be locked`,
  'no-number': (what) => `the holder does not take ${what} for a number`,
  lease: (what) => `the holder holds for no ${what} ms`,
  'unknown-word': (what) => `the holder does not know the word ${what}`,
};

/** What to do about a mount that cannot be held: the same whether the plan finds it or the holder. */
export function hintFor(reason: string, what: string): string | undefined {
  return own(HINTS, reason)?.(what);
}

const HINTS: Readonly<Record<string, (what: string) => string>> = {
  'not-a-mount-point': () => 'Name the mount point itself: freezing a plain folder would freeze what it lies on.',
  'not-freezable': () => 'Leave it out of `mounts`, or hold it by a script.',
  'cannot-open': () => 'Mount it, or correct `mounts`.',
  'is-root': (what) => `Name ${what} in \`mounts\` as well, or leave the other out: they stand still together.`,
  'swap-file': (what) => `Turn it off (${pasted(['swapoff', what])}) or move it to another file system.`,
  'loop-backing': () => 'Detach that loop device, or leave the file system that its file lies on out of `mounts`.',
  'odd-name': () => 'Mount it under a plain name.',
  'not-allowed': () => 'Add the mount to the list in the guest, as root, or take it out of `mounts`.',
  'sudo-relays': () =>
    'Add to sudoers: Defaults!HOLDER !log_input, !log_output   (stillpoint holder print has the line)',
  'not-root': () => 'Log in as root, or allow sudo -n (stillpoint holder print shows the least that is needed).',
  'sh-holds-no-root': () => 'Install python3 or perl in the guest, or leave / out of `mounts`.',
  lease: () =>
    'Shorten `window`. A holder that the site installed may be told less than two minutes: see its list of mounts.',
  'unknown-word': () => 'Install the holder of this version again: stillpoint holder print.',
};
