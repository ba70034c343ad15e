import { getServers } from 'node:dns';
import { readFile } from 'node:fs/promises';
import { commandMs } from '../arrays/place.ts';
import { watchedArray } from '../arrays/watched.ts';
import { byteOrders } from '../base/bios-uuid.ts';
import type { Clock } from '../base/clock.ts';
import { beforeDeadline, type Deadline, deadline, hurried } from '../base/deadline.ts';
import { EXIT, Fault } from '../base/fault.ts';
import { settle } from '../base/gather.ts';
import type { SecretRef, Secrets } from '../base/secret-ref.ts';
import type { Waits } from '../base/waits.ts';
import type { GuestSide, World } from '../flows/survey.ts';
import { deviceKey, nfsKey } from '../inventory/device.ts';
import { readerOf } from '../inventory/reader.ts';
import type { ArrayId, DeviceKey, Finding, Placement, VmName, VmPlacement } from '../model.ts';
import type { MethodParts, Outside } from '../outside.ts';
import type { OwnGround } from '../plan/checks.ts';
import type { ArrayDriver, Emit, PlacementReader, Shell } from '../ports.ts';
import { watchedQuiescer, watchedSnapshotter } from '../quiesce/watched.ts';
import { readSecrets, secretsIn } from '../topology/secrets.ts';
import type { Topology, VmSettings, VolumeSettings } from '../topology/topology.ts';
import { localShell } from '../transport/local.ts';
import type { SshSettings } from '../transport/ssh/settings.ts';
import { connectSsh } from '../transport/ssh.ts';
import { connectVsphere } from '../vsphere/client.ts';
import { connectionOf } from '../vsphere/settings.ts';
import { createDriver, createMethod } from './makes.ts';

export interface Surroundings {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: boolean;
  readonly interrupt: AbortSignal;
  readonly waits: Waits;
  /** Nothing is asked of vSphere: its password need not be there, for whoever mends at night without cron's variables. */
  readonly vsphere?: 'unasked';
}

/** A world with everything in it still to be connected: nothing is reached before it is asked. */
export interface OpenWorld extends World {
  /** Logs out everywhere and ends every line. Never rejects. */
  close(): Promise<void>;
}

/**
 * Makes what the topology describes: the reader of vSphere, the drivers of all arrays, the guests of these VMs. Secrets
 * are read here, once, before any lock; one that is missing is a Fault, after all of them were looked at.
 *
 * @param vms the guests wanted; those of a group, or none
 */
export async function openWorld(
  whole: Topology,
  vms: readonly VmName[],
  emit: Emit,
  surroundings: Surroundings,
): Promise<OpenWorld> {
  const { clock, env, interrupt, waits, vsphere } = surroundings;
  const topology = vsphere === 'unasked' ? withoutPassword(whole) : whole;
  waits.tell = (wait) => emit({ type: 'waiting', ...wait });
  const secrets = await secretsOf(topology, vms, emit, surroundings);
  const outside = openOutside(topology, secrets, { clock, env });
  const drivers = new Map<ArrayId, ArrayDriver>(
    await Promise.all(
      [...topology.arrays.values()].map(async ({ id, driver, settings }) => {
        const volumes = topology.volumes.filter(({ array }) => array === id).flatMap(volumeEntry);
        const made = await createDriver(driver, id, settings, outside, volumes);
        return [id, watchedArray(made, { clock, waits, interrupt, commandMs: commandMs(settings) })] as const;
      }),
    ),
  );
  const reader = watchedReader(readerOf(outside.vsphere, { clock }), waits);
  const guests = new Map<VmName, GuestSide>();
  for (const vm of vms) {
    const settings = topology.vms.get(vm);
    if (settings !== undefined) guests.set(vm, await guestSide(settings, outside, reader, waits));
  }
  return {
    clock,
    topology,
    reader,
    drivers,
    guests,
    ground: await ownGround(topology),
    emit,
    async close() {
      const whole = deadline(clock, CLOSE_MS, 'logging out');
      const limit = hurried(clock, whole, interrupt, CLOSE_IN_HASTE_MS);
      await settle(() => beforeDeadline(closeAll(), limit));
      limit.done();
      whole.done();
    },
  };

  async function closeAll(): Promise<void> {
    await Promise.allSettled([...drivers.values()].map((driver) => driver.close()));
    await outside.close();
  }
}

/** Who does not answer to a farewell keeps no command: what is still open ends with the process. */
const CLOSE_MS = 6_000;
const CLOSE_IN_HASTE_MS = 1_000;

function watchedReader(reader: PlacementReader, waits: Waits): PlacementReader {
  return {
    read: (vms, limit) => waits.during('vSphere', limit, () => reader.read(vms, limit)),
    disturbances: (refs, sinceMs, limit) =>
      waits.during('vSphere', limit, () => reader.disturbances(refs, sinceMs, limit)),
  };
}

function withoutPassword(topology: Topology): Topology {
  const { password: _password, ...vsphere } = topology.vsphere;
  return { ...topology, vsphere };
}

async function secretsOf(
  topology: Topology,
  vms: readonly VmName[],
  emit: Emit,
  { clock, env, terminal, interrupt, waits }: Surroundings,
): Promise<Secrets> {
  const limit = deadline(clock, 30_000, 'reading the secrets', interrupt);
  const { secrets, findings } = await waits.during('the secrets', limit, () =>
    readSecrets(secretsIn(topology, vms), { env, terminal }, limit),
  );
  limit.done();
  for (const finding of findings) emit({ type: 'finding', finding });
  const missing = findings.filter(({ severity }) => severity === 'error');
  if (secrets !== undefined && missing.length === 0) return secrets;
  throw secretFault(missing);
}

function secretFault(missing: readonly Finding[]): Fault {
  const [first, ...others] = missing;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return new Fault({
    code: first?.code ?? 'secret.missing',
    message: `${first?.subject ?? 'a secret'}: ${first?.message ?? 'it could not be read'}${more}`,
    ...(first?.hint === undefined ? {} : { hint: first.hint }),
    exit: EXIT.notPrepared,
  });
}

/** Connects lazily, remembers what it connected, and closes all of it. */
function openOutside(
  topology: Topology,
  secrets: Secrets,
  { clock, env }: Pick<Surroundings, 'clock' | 'env'>,
): Outside & { close(): Promise<void> } {
  const shells = new Set<Promise<Shell>>();
  const vsphere = oncePerWorld((limit) => {
    const { password, ...rest } = topology.vsphere;
    const settings = { ...rest, ...(password === undefined ? {} : { password: secrets.of(password) }) };
    return connectVsphere(connectionOf(settings, env), limit);
  });
  return {
    clock,
    secrets,
    async shell(place, limit, variables) {
      if (place === undefined) return localShell({ clock, env, variables });
      const shell = connectSsh(withSecrets(place, secrets), { deadline: limit, clock, env });
      shells.add(shell);
      shell.catch(() => shells.delete(shell));
      return shell;
    },
    vsphere: vsphere.open,
    async close() {
      await Promise.allSettled([...shells].map(async (shell) => (await shell).close()));
      await vsphere.opened()?.then(
        (session) => session.close(),
        () => {},
      );
    },
  };
}

/** Opened at the first question and shared from then on; one that failed to open is tried again at the next. */
function oncePerWorld<T>(connect: (limit: Deadline) => Promise<T>): {
  open(limit: Deadline): Promise<T>;
  opened(): Promise<T> | undefined;
} {
  let shared: Promise<T> | undefined;
  return {
    opened: () => shared,
    open(limit) {
      shared ??= connect(limit).catch((thrown: unknown) => {
        shared = undefined;
        throw thrown;
      });
      return shared;
    },
  };
}

/** One connection a guest, shared by its methods. */
async function guestSide(
  settings: VmSettings,
  outside: Outside,
  reader: PlacementReader,
  waits: Waits,
): Promise<GuestSide> {
  const shell = oncePerWorld((limit) => outside.shell(settings.ssh, limit));
  const parts: MethodParts = {
    ...outside,
    placement: async (limit) =>
      onlyVm(settings, await reader.read([{ vm: settings.name, wanted: settings.wanted }], limit)),
    excluded: new Set(settings.exclude.map(({ disk }) => disk)),
  };
  const created = settings.quiesce.map(({ method, settings: own }) => createMethod(method, own, parts));
  const made = (await Promise.all(created)).filter((one) => one !== undefined);
  const told = new Map(
    [...settings.disks].flatMap(([disk, { mount }]) =>
      mount === undefined ? [] : [[mount, { vm: settings.name, disk }] as const],
    ),
  );
  return {
    quiescers: made.flatMap((one) => (one.kind === 'hold' ? [watchedQuiescer(one.quiescer, waits)] : [])),
    snapshotters: made.flatMap((one) => (one.kind === 'snapshot' ? [watchedSnapshotter(one.snapshotter, waits)] : [])),
    guest: {
      vm: settings.name,
      told,
      ...(settings.ssh === undefined ? { loginless: true as const } : {}),
      connect(limit) {
        // Without a login it would be this machine.
        if (settings.ssh === undefined) return Promise.reject(new Error(`${settings.name} has no login`));
        return shell.open(limit);
      },
    },
  };
}

function onlyVm({ name }: VmSettings, { vms, findings }: Placement): VmPlacement {
  const [vm] = vms;
  if (vm !== undefined) return vm;
  const [first] = findings;
  throw new Fault({
    code: first?.code ?? 'vsphere.no-vm',
    message: `guest ${name}: ${first?.message ?? 'vSphere does not show it'}`,
    ...(first?.hint === undefined ? {} : { hint: first.hint }),
  });
}

function withSecrets({ passphrase, password, ...rest }: SshSettings<SecretRef>, secrets: Secrets): SshSettings {
  return {
    ...rest,
    ...(passphrase === undefined ? {} : { passphrase: secrets.of(passphrase) }),
    ...(password === undefined ? {} : { password: secrets.of(password) }),
  };
}

function volumeEntry({ name, device }: VolumeSettings): { name: string; device: DeviceKey }[] {
  const key = device.kind === 'nfs' ? nfsKey(device.server, device.path) : deviceKey(device.id);
  return key === undefined ? [] : [{ name, device: key }];
}

/** Where we stand, so that a plan does not hold its own ground still. */
async function ownGround(topology: Topology): Promise<OwnGround> {
  const hosts = new Map<string, string>();
  for (const server of getServers()) hosts.set(server.toLowerCase(), 'the name server of this machine');
  for (const { id, settings } of topology.arrays.values()) {
    const host = hostIn(settings.ssh);
    if (host !== undefined) hosts.set(host.toLowerCase(), `the host of array ${id}`);
  }
  for (const { ssh } of topology.vms.values()) {
    for (const hop of ssh?.jump?.split(',') ?? []) {
      hosts.set(hop.replace(/^.*@/, '').replace(/:\d+$/, '').toLowerCase(), 'a jump host on the way to the guests');
    }
  }
  const { url } = topology.vsphere;
  if (url !== undefined && URL.canParse(url)) hosts.set(new URL(url).hostname.toLowerCase(), 'the vCenter itself');
  return { biosUuids: await ownUuids(), hosts };
}

function hostIn(ssh: unknown): string | undefined {
  return typeof ssh === 'object' && ssh !== null && 'host' in ssh && typeof ssh.host === 'string'
    ? ssh.host
    : undefined;
}

async function ownUuids(): Promise<readonly string[]> {
  try {
    return byteOrders(await readFile('/sys/class/dmi/id/product_uuid', 'utf8'));
  } catch {
    // Readable by root only, and absent where there is no DMI: then this check has nothing to go by.
    return [];
  }
}
