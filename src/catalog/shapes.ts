import { z } from 'zod';
import { type CutLabel, type DeviceKey, type GuestSnapshot, LEVELS, type SetId } from '../model.ts';
import { isLabel, parseSetId } from './names.ts';

/** The nouns of `model.ts` as they lie on disk: bigint as decimal strings. What later versions add is passed over. */

export const level = z.enum(LEVELS);
export const setId = z.custom<SetId>((value) => typeof value === 'string' && parseSetId(value) !== undefined);
export const cutLabel = z.custom<CutLabel>((value) => typeof value === 'string' && isLabel(value));
/** An instant, ISO 8601, UTC. */
export const instant = z.iso.datetime();

/** Written by us from a key that the inventory made; its form was checked there. */
const deviceKey = z.custom<DeviceKey>((value) => typeof value === 'string' && value !== '');
const bytes = z
  .string()
  .regex(/^\d{1,20}$/)
  .transform(BigInt);
const strings = z.array(z.string());
const text = z.string().exactOptional();
const number = z.number().exactOptional();

const diskRef = z.object({ vm: z.string(), disk: z.string() });
const place = z.object({
  file: z.string(),
  line: z.number(),
  column: z.number(),
  text: z.string(),
  caret: z.number().exactOptional(),
});

const finding = z.object({
  code: z.string(),
  severity: z.enum(['error', 'warning', 'note']),
  subject: z.string(),
  message: z.string(),
  hint: text,
  at: place.exactOptional(),
});

const volume = z.object({
  array: z.string(),
  id: z.string(),
  name: z.string(),
  sizeBytes: bytes,
  container: z.string(),
});

export const cutUnit = z.object({
  array: z.string(),
  id: z.string(),
  volumes: z.array(volume),
  alsoCaptures: strings,
});

export const arraySnapshot = z.object({
  array: z.string(),
  label: cutLabel,
  id: z.string(),
  name: z.string(),
  source: z.object({ id: z.string(), name: z.string() }),
  sizeBytes: bytes.exactOptional(),
  createdAt: text,
  invalid: text,
});

export const timing = z.object({ windowMs: z.number(), reserveMs: z.number(), releaseMs: z.number() });

const diskKind = z.enum(['vmfs', 'nfs', 'rdm-physical', 'rdm-virtual']);

const diskPlacement = z.object({
  address: z.string(),
  key: z.number(),
  label: z.string(),
  kind: diskKind,
  sizeBytes: bytes,
  uuid: text,
  diskMode: text,
  sharing: z.enum(['none', 'multi-writer', 'bus']),
  files: strings,
  data: z.array(deviceKey),
  metadata: z.array(deviceKey),
});

const vmPlacement = z.object({
  vm: z.string(),
  ref: z.string(),
  path: z.string(),
  instanceUuid: z.string(),
  biosUuid: z.string(),
  powerState: z.enum(['poweredOn', 'poweredOff', 'suspended']),
  guestFamily: text,
  host: text,
  changeVersion: z.string(),
  encrypted: z.boolean(),
  home: z.object({ file: z.string(), devices: z.array(deviceKey) }),
  disks: z.array(diskPlacement),
  snapshots: z.array(z.object({ name: z.string(), createdAt: z.string(), by: text })),
});

const datastorePlacement = z.object({
  name: z.string(),
  ref: z.string(),
  kind: z.enum(['vmfs', 'nfs']),
  devices: z.array(deviceKey),
  otherNames: z.array(deviceKey).exactOptional(),
  sizeBytes: bytes.exactOptional(),
  vms: strings,
});

const placement = z.object({
  takenAt: z.string(),
  source: z.string(),
  vms: z.array(vmPlacement),
  datastores: z.array(datastorePlacement),
  findings: z.array(finding),
});

const plannedDisk = z.object({
  ref: diskRef,
  kind: diskKind,
  sizeBytes: bytes,
  where: z.string(),
  data: z.array(deviceKey),
  volumes: z.array(volume),
  units: strings,
  tier: text,
  cover: z.enum(['held', 'snapshot', 'free', 'fenced']),
  because: text,
  boot: z.boolean(),
});

const plannedGuest = z.object({
  vm: z.string(),
  ref: z.string(),
  instanceUuid: z.string(),
  optional: z.boolean(),
  after: strings,
  stages: z.array(
    z.object({
      method: z.string(),
      gives: level,
      covers: z.array(diskRef),
      lends: z.literal(true).exactOptional(),
      makes: z.literal('snapshot').exactOptional(),
      watches: strings.default([]),
      holds: strings,
    }),
  ),
  atBest: level,
  excluded: z.array(z.object({ disk: z.string(), because: z.string() })),
});

const plannedArray = z.object({
  array: z.string(),
  make: z.string(),
  units: z.array(cutUnit),
  fence: z.boolean(),
  forecastMs: z.number(),
  answersCut: z.boolean(),
});

export const plan = z.object({
  group: z.string(),
  require: level,
  best: level,
  instant: z.literal('per-vm').exactOptional(),
  timing,
  guests: z.array(plannedGuest),
  disks: z.array(plannedDisk),
  arrays: z.array(plannedArray),
  alsoCaptured: strings,
  placement,
  findings: z.array(finding),
});

const holdRecord = z.object({
  vm: z.string(),
  stage: z.number(),
  method: z.string(),
  leaseMs: z.number(),
  sentAtMs: z.number(),
  heldAtMs: number,
  gives: level,
  covers: z.array(diskRef),
  releaseSentAtMs: number,
  releasedAtMs: number,
  release: z.enum(['kept', 'written', 'expired', 'unknown']).exactOptional(),
  why: text,
});

export const guestSnapshot: z.ZodType<GuestSnapshot, unknown> = z.object({
  vm: z.string(),
  instanceUuid: z.string(),
  method: z.string(),
  label: cutLabel,
  id: z.string(),
  name: z.string(),
  createdAt: z.string(),
});

const guestSnapshotRecord = z.object({
  vm: z.string(),
  stage: z.number(),
  method: z.string(),
  sentAtMs: z.number(),
  standsAtMs: z.number(),
  gives: level,
  covers: z.array(diskRef),
  because: text,
  snapshot: guestSnapshot,
});

const fenceRecord = z.object({ array: z.string(), sentAtMs: z.number(), upAtMs: number, why: text });

const fireRecord = z.object({
  array: z.string(),
  unit: z.string(),
  fenced: z.boolean(),
  sentAtMs: z.number(),
  answeredAtMs: number,
  outcome: z.enum(['cut', 'refused', 'unknown']),
  why: text,
});

export const windowRecord = z.object({
  startedAt: z.string(),
  openedAtMs: z.number(),
  closedAtMs: z.number(),
  guestSnapshots: z.array(guestSnapshotRecord).exactOptional(),
  holds: z.array(holdRecord),
  fences: z.array(fenceRecord),
  fires: z.array(fireRecord),
  stopped: z.object({ code: z.string(), message: z.string(), hint: z.string().exactOptional() }).exactOptional(),
});

export const verdict = z.object({
  level,
  except: z.array(z.object({ what: z.enum(['boot disks', 'accepted disks']), level, disks: z.array(diskRef) })),
  oneInstant: z.boolean(),
  instant: z.literal('per-vm').exactOptional(),
  disks: z.array(z.object({ ref: diskRef, level, stilledBy: z.enum(['guest', 'fence', 'snapshot']).exactOptional() })),
  vms: z.array(z.object({ vm: z.string(), level, aside: z.boolean() })),
  because: strings,
});
