import { defined } from '../base/defined.ts';
import { looseSchema } from './schema.ts';
import type { GroupSettings, Topology, VmSettings, VolumeSettings } from './topology.ts';

type Written = ReturnType<ReturnType<typeof looseSchema>['parse']>;
type WrittenVm = Written['vms'][string];
type WrittenVolume = NonNullable<Written['volumes']>[string];
type WrittenGroup = Written['groups'][string];

const DEFAULT_WINDOW_MS = 10_000;

/**
 * The topology from values that the strict schema and all other rules have accepted.
 * @param order the names of a section as the file has them: an object would put 10 before a
 */
export function topologyOf(value: unknown, file: string, order: (section: string) => readonly string[]): Topology {
  const written = looseSchema().parse(value);
  const { vsphere = {}, state, arrays, tiers, volumes, defaults = {}, vms, groups } = written;
  return {
    file,
    vsphere,
    ...defined({ state }),
    arrays: inOrder(arrays, order('arrays'), ({ driver, ...settings }, id) => ({ id, driver, settings })),
    tiers: inOrder(tiers, order('tiers'), (tier, name) => ({ name, arrays: tier.arrays, expect: tier.expect ?? [] })),
    volumes: [...inOrder(volumes, order('volumes'), volumeOf).values()],
    vms: inOrder(vms, order('vms'), (vm, name) => vmOf(name, vm, defaults)),
    groups: inOrder(groups, order('groups'), groupOf),
  };
}

function inOrder<Item, Result>(
  section: Readonly<Record<string, Item>> | undefined,
  names: readonly string[],
  make: (item: Item, name: string) => Result,
): ReadonlyMap<string, Result> {
  const made = new Map<string, Result>();
  for (const name of names) {
    const item = section?.[name];
    if (item !== undefined) made.set(name, make(item, name));
  }
  return made;
}

function volumeOf({ naa, eui, nfs, ...rest }: WrittenVolume, key: string): VolumeSettings {
  return {
    ...rest,
    name: rest.name ?? key,
    device: nfs === undefined ? { kind: 'lun', id: naa ?? eui ?? '' } : exportOf(nfs),
  };
}

/** The server may be an IPv6 address in brackets. */
function exportOf(written: string): VolumeSettings['device'] {
  const colon = written.indexOf(':/');
  return { kind: 'nfs', server: written.slice(0, colon).replace(/^\[|\]$/g, ''), path: written.slice(colon + 1) };
}

function vmOf(name: string, own: WrittenVm, defaults: NonNullable<Written['defaults']>): VmSettings {
  const { host, ...ssh } = { ...defaults.ssh, ...own.ssh };
  return {
    name,
    wanted: own.vm ?? name,
    ...(host === undefined ? {} : { ssh: { ...ssh, host } }),
    quiesce: (own.quiesce ?? defaults.quiesce ?? []).map(({ method, ...settings }) => ({ method, settings })),
    boot: own.boot ?? defaults.boot ?? 'crash',
    exclude: own.exclude ?? [],
    disks: new Map(Object.entries(own.disks ?? {})),
    encrypted: own.encrypted ?? defaults.encrypted ?? 'refused',
    allow: own.allow ?? defaults.allow ?? [],
  };
}

function groupOf(group: WrittenGroup, name: string): GroupSettings {
  const { vms, window, longWindow, require, weak = 'keep', maxAge, keep, instant } = group;
  return {
    name,
    members: vms.map(({ vm, after = [], optional = false }) => ({ vm, after, optional })),
    windowMs: window ?? DEFAULT_WINDOW_MS,
    longWindow: longWindow === 'accepted',
    ...defined({ require }),
    weak,
    ...defined({ maxAgeMs: maxAge, keep, instant }),
  };
}
