import type { z } from 'zod';
import { btrfsConfig } from '../arrays/btrfs/config.ts';
import { commandConfig } from '../arrays/command/config.ts';
import type { DriverParts, VolumeEntry } from '../arrays/parts.ts';
import { reflinkConfig } from '../arrays/reflink/config.ts';
import type { ArrayId } from '../model.ts';
import type { MethodParts, Outside } from '../outside.ts';
import type { ArrayDriver, Quiescer, Snapshotter } from '../ports.ts';
import { fsfreezeSettings } from '../quiesce/fsfreeze/config.ts';
import { noneSettings } from '../quiesce/none/config.ts';
import { scriptSettings } from '../quiesce/script/config.ts';
import { vmwareSettings } from '../quiesce/vmware/config.ts';
import type { Makes } from '../topology/makes.ts';

/**
 * The one place that knows every make and method. A new one is a folder of its own and a line here. The code of a
 * driver and of a method is loaded when it is used, before any window: who only reads the topology needs its schema alone.
 */
const ARRAYS: Readonly<Record<string, ArrayMake>> = {
  btrfs: arrayMake(btrfsConfig, async () => (await import('../arrays/btrfs/driver.ts')).btrfs),
  command: arrayMake(commandConfig, async () => (await import('../arrays/command/driver.ts')).command),
  reflink: arrayMake(reflinkConfig, async () => (await import('../arrays/reflink/driver.ts')).reflink),
};

const METHODS: Readonly<Record<string, Method>> = {
  fsfreeze: holdOf(fsfreezeSettings, async () => (await import('../quiesce/fsfreeze/method.ts')).fsfreeze),
  none: { config: noneSettings, create: 'holds nothing', loginless: true },
  script: holdOf(scriptSettings, async () => (await import('../quiesce/script/method.ts')).script),
  vmware: {
    config: vmwareSettings,
    create: pointOf(vmwareSettings, async () => (await import('../quiesce/vmware/method.ts')).vmware),
    loginless: true,
  },
};

/** The schemas, for the reader of the topology. */
export const makes: Makes = {
  arrays: Object.fromEntries(Object.entries(ARRAYS).map(([name, { config }]) => [name, config])),
  methods: Object.fromEntries(Object.entries(METHODS).map(([name, { config }]) => [name, config])),
  loginless: new Set(Object.entries(METHODS).flatMap(([name, { loginless }]) => (loginless === true ? [name] : []))),
};

type Settings = Readonly<Record<string, unknown>>;

interface ArrayMake {
  readonly config: z.ZodObject;
  create(id: ArrayId, settings: Settings, parts: DriverParts): Promise<ArrayDriver>;
}

interface Method {
  readonly config: z.ZodObject;
  readonly create: ((settings: Settings, parts: MethodParts) => Promise<MadeMethod>) | 'holds nothing';
  /** It works without a login to the guest. */
  readonly loginless?: true;
}

/** A method holds a guest, or makes a guest snapshot. */
export type MadeMethod =
  | { readonly kind: 'hold'; readonly quiescer: Quiescer }
  | { readonly kind: 'snapshot'; readonly snapshotter: Snapshotter };

/** @param volumes what the topology says of this array's volumes */
export async function createDriver(
  driver: string,
  id: ArrayId,
  settings: Settings,
  outside: Outside,
  volumes: readonly VolumeEntry[],
): Promise<ArrayDriver> {
  const make = ARRAYS[driver];
  if (make === undefined) throw new Error(`the topology was read with a driver ${driver} that is not there`);
  return await make.create(id, settings, { ...outside, volumes });
}

/** undefined: `none`, which holds nothing. */
export async function createMethod(
  method: string,
  settings: Settings,
  parts: MethodParts,
): Promise<MadeMethod | undefined> {
  const known = METHODS[method];
  if (known === undefined) throw new Error(`the topology was read with a method ${method} that is not there`);
  return known.create === 'holds nothing' ? undefined : await known.create(settings, parts);
}

function arrayMake<S>(
  config: z.ZodObject & z.ZodType<S>,
  load: () => Promise<(id: ArrayId, settings: S, parts: DriverParts) => ArrayDriver>,
): ArrayMake {
  return { config, create: async (id, settings, parts) => (await load())(id, config.parse(settings), parts) };
}

function holdOf<S>(
  config: z.ZodObject & z.ZodType<S>,
  load: () => Promise<(settings: S, parts: MethodParts) => Quiescer>,
): Method {
  const create = async (settings: Settings, parts: MethodParts): Promise<MadeMethod> => {
    return { kind: 'hold', quiescer: (await load())(config.parse(settings), parts) };
  };
  return { config, create };
}

function pointOf<S>(
  config: z.ZodObject & z.ZodType<S>,
  load: () => Promise<(settings: S, parts: MethodParts) => Snapshotter>,
): (settings: Settings, parts: MethodParts) => Promise<MadeMethod> {
  return async (settings, parts) => ({ kind: 'snapshot', snapshotter: (await load())(config.parse(settings), parts) });
}
