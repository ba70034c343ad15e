import { textOf } from './facts.ts';
import type { GuestView } from './guest.ts';

/** A layer below a file system, by the name of its block device, and what it does of its own accord. */
export interface Layer {
  readonly name: string;
  /** 'the reshape of md0' */
  readonly does: string;
}

/** Layers that write at this moment, whether the file system above them is frozen or not. */
export function restless(guest: GuestView): readonly Layer[] {
  return layers(guest).flatMap(({ name, shown, now }) =>
    now === undefined ? [] : [{ name, does: `the ${now} of ${shown}` }],
  );
}

/** Layers that write to their members a little after whatever was written through them: a mirror's or a raid's records. */
export function recording(guest: GuestView): readonly Layer[] {
  return layers(guest).flatMap(({ name, shown, records }) =>
    records ? [{ name, does: `the records of ${shown}` }] : [],
  );
}

interface Told {
  readonly name: string;
  readonly shown: string;
  /** What it does now; undefined: nothing. */
  readonly now: string | undefined;
  readonly records: boolean;
}

function layers(guest: GuestView): readonly Told[] {
  const targets = targetsIn(textOf(guest.facts, DM_STATUS) ?? '');
  return [...guest.blocks.values()].flatMap(({ name, mapped }): Told[] => {
    const folder = `/sys/class/block/${name}`;
    const level = textOf(guest.facts, `${folder}/md/level`);
    const action = textOf(guest.facts, `${folder}/md/sync_action`);
    if (level !== undefined) return [{ name, shown: name, now: busy(action), records: REDUNDANT.test(level) }];
    if (textOf(guest.facts, `${folder}/bcache/state`) === 'dirty')
      return [{ name, shown: name, now: 'write-back', records: false }];
    const own = mapped === undefined ? [] : targets.filter((target) => target.name === mapped);
    return own.map(({ type, words }) => ({ name, shown: mapped ?? name, ...doing(type, words) }));
  });
}

/** What the holder sends of `dmsetup status`. */
const DM_STATUS = 'dmsetup status';
const REDUNDANT = /^raid(1|4|5|6|10)$/;

function busy(action: string | undefined): string | undefined {
  return action === undefined || action === 'idle' || action === 'frozen' ? undefined : action;
}

interface Target {
  readonly name: string;
  readonly type: string;
  readonly words: readonly string[];
}

function targetsIn(status: string): readonly Target[] {
  return status.split('\n').flatMap((line) => {
    const [, name, type, words = ''] = /^(.+?): \d+ \d+ (\S+)(.*)$/.exec(line) ?? [];
    return name === undefined || type === undefined ? [] : [{ name, type, words: words.trim().split(' ') }];
  });
}

/** The words of each target are those of the kernel's Documentation/admin-guide/device-mapper. */
function doing(type: string, words: readonly string[]): Pick<Told, 'now' | 'records'> {
  switch (type) {
    case 'cache':
      return { now: Number(words[10]) > 0 ? 'write-back' : undefined, records: false };
    case 'writecache':
      return { now: words[1] !== words[2] ? 'write-back' : undefined, records: false };
    case 'mirror': {
      const [done, all] = (words.find((word) => /^\d+\/\d+$/.test(word)) ?? '0/0').split('/');
      return { now: done === all ? undefined : 'copying', records: true };
    }
    case 'raid':
      return { now: busy(words[4]), records: true };
    default:
      return { now: undefined, records: false };
  }
}
