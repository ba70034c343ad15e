import type { z } from 'zod';
import { btrfsConfig } from '../arrays/btrfs/config.ts';
import { btrfs } from '../arrays/btrfs/driver.ts';
import { commandConfig } from '../arrays/command/config.ts';
import { command } from '../arrays/command/driver.ts';
import type { Parts } from '../arrays/parts.ts';
import { reflinkConfig } from '../arrays/reflink/config.ts';
import { reflink } from '../arrays/reflink/driver.ts';
import type { Clock } from '../base/clock.ts';
import type { SecretRef } from '../base/secret-ref.ts';
import type { ArrayId } from '../model.ts';
import type { ArrayDriver, Quiescer } from '../ports.ts';
import { fsfreeze, fsfreezeSettings } from '../quiesce/fsfreeze.ts';
import { noneSettings } from '../quiesce/none.ts';
import { script, scriptSettings } from '../quiesce/script.ts';
import type { Makes } from '../topology/makes.ts';
import type { SshSettings } from '../transport/ssh/settings.ts';

/** The one place that knows every make and method. A new one is a folder of its own and a line here. */
const ARRAYS: Readonly<Record<string, ArrayMake>> = {
  btrfs: arrayMake(btrfsConfig, btrfs),
  command: arrayMake(commandConfig, command),
  reflink: arrayMake(reflinkConfig, reflink),
};

const METHODS: Readonly<Record<string, Method>> = {
  fsfreeze: methodOf(fsfreezeSettings, fsfreeze),
  none: { config: noneSettings },
  script: methodOf(scriptSettings, script),
};

/** The schemas, for the reader of the topology. */
export const makes: Makes = {
  arrays: Object.fromEntries(Object.entries(ARRAYS).map(([name, { config }]) => [name, config])),
  methods: Object.fromEntries(Object.entries(METHODS).map(([name, { config }]) => [name, config])),
};

type Settings = Readonly<Record<string, unknown>>;
/** Where an array's commands run; undefined: on this machine. */
type Place = SshSettings<SecretRef> | undefined;

interface ArrayMake {
  readonly config: z.ZodObject;
  create(id: ArrayId, settings: Settings, partsAt: (place: Place) => Parts): ArrayDriver;
}

interface Method {
  readonly config: z.ZodObject;
  create?(settings: Settings, parts: { readonly clock: Clock }): Quiescer;
}

/** @param partsAt what the driver gets from outside, given where its commands run */
export function createDriver(
  driver: string,
  id: ArrayId,
  settings: Settings,
  partsAt: (place: Place) => Parts,
): ArrayDriver {
  const make = ARRAYS[driver];
  if (make === undefined) throw new Error(`the topology was read with a driver ${driver} that is not there`);
  return make.create(id, settings, partsAt);
}

/** undefined: a method that holds nothing. */
export function createQuiescer(method: string, settings: Settings, clock: Clock): Quiescer | undefined {
  return METHODS[method]?.create?.(settings, { clock });
}

function arrayMake<S extends { readonly ssh?: SshSettings<SecretRef> | undefined }>(
  config: z.ZodObject & z.ZodType<S>,
  driver: (id: ArrayId, settings: S, parts: Parts) => ArrayDriver,
): ArrayMake {
  return {
    config,
    create(id, settings, partsAt) {
      const parsed = config.parse(settings);
      return driver(id, parsed, partsAt(parsed.ssh));
    },
  };
}

function methodOf<S>(
  config: z.ZodObject & z.ZodType<S>,
  quiescer: (settings: S, parts: { readonly clock: Clock }) => Quiescer,
): Method {
  return { config, create: (settings, parts) => quiescer(config.parse(settings), parts) };
}
