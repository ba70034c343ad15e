import type { DiskPlacement, DiskRef, Finding, GuestDisk, GuestUse, ProbeReport, VmPlacement } from '../model.ts';
import { diskName } from '../model.ts';
import type { VmSettings } from '../topology/topology.ts';

/** What the probes of one VM's stages mean for its disks. */
export interface Coverage {
  /** By the probe of a stage: the disks that it stills whole. */
  readonly covers: ReadonlyMap<ProbeReport, readonly DiskRef[]>;
  /** Likewise: the guest's names of those that no later stage covers, whose own freeze would write to them. */
  readonly watches: ReadonlyMap<ProbeReport, readonly string[]>;
  /** Addresses of the disks under `/`. */
  readonly boot: ReadonlySet<string>;
  /** By address: what is on it and not held, for the message of the plan. */
  readonly notHeld: ReadonlyMap<string, readonly string[]>;
  /** Addresses that the guest's disks could not be matched with. */
  readonly unmatched: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

/**
 * Matches the guest's disks with vSphere's and says which are still when a stage holds. A disk is covered only if
 * everything that uses it is held by that stage; one that cannot be matched, or that nobody is known to use, is not.
 */
export function coverageOf(vm: VmPlacement, settings: VmSettings, probes: readonly ProbeReport[]): Coverage {
  const facts = probes.find(({ contains }) => contains === undefined);
  const findings = probes.flatMap((probe) => probe.findings);
  const contained = probes.filter(({ contains }) => contains !== undefined);
  if (facts !== undefined && contained[0] !== undefined) findings.push(frozenTwice(vm, facts, contained[0]));
  if (facts === undefined || contained.length > 0) {
    const covers = new Map(contained.map((probe) => [probe, refsOf(vm, probe.contains)] as const));
    const known = new Set([...covers.values()].flat().map(({ disk }) => disk));
    return {
      covers,
      watches: new Map(),
      boot: new Set(),
      notHeld: new Map(),
      unmatched: new Set(vm.disks.map(({ address }) => address).filter((address) => !known.has(address))),
      findings,
    };
  }
  const names = match(vm, settings, facts);
  const addressesOn = (use: GuestUse): string[] =>
    [...names].filter(([, own]) => own.some((name) => use.disks.includes(name))).map(([address]) => address);

  const covers = new Map(
    probes.map((probe) => {
      const own = [...names].filter(([, disks]) => isCovered(disks, probe.uses));
      return [probe, own.map(([disk]): DiskRef => ({ vm: vm.vm, disk }))] as const;
    }),
  );
  const watches = new Map(
    probes.map((probe, index) => {
      const later = new Set(
        probes.slice(index + 1).flatMap((other) => (covers.get(other) ?? []).map(({ disk }) => disk)),
      );
      const own = (covers.get(probe) ?? []).filter(({ disk }) => !later.has(disk));
      return [probe, own.flatMap(({ disk }) => names.get(disk) ?? [])] as const;
    }),
  );
  const boot = new Set(facts.uses.filter((use) => use.kind === 'mount' && use.what === '/').flatMap(addressesOn));
  const notHeld = new Map(
    [...names].map(([address, own]) => {
      const free = facts.uses.filter(
        (use) => use.disks.some((name) => own.includes(name)) && !probes.some((probe) => holds(probe, use)),
      );
      return [address, free.map(useText)] as const;
    }),
  );
  const known = new Set([...names.values()].flat());
  for (const [address, { mount }] of settings.disks) {
    if (mount === undefined || facts.uses.some((use) => use.kind === 'mount' && use.what === mount)) continue;
    findings.push(noSuchMount(vm, address, mount));
  }
  for (const disk of vm.disks) {
    const said = told(disk, settings, facts.uses) ?? [];
    const seen = identified(disk, facts.disks);
    if (said.length === 0 || seen === undefined || seen.some((name) => said.includes(name))) continue;
    findings.push(contradicted(vm, disk.address, settings.disks.get(disk.address)?.mount ?? '', said, seen));
  }
  for (const use of facts.uses) {
    if (use.kind !== 'mount' || use.disks.length === 0 || use.disks.some((name) => known.has(name))) continue;
    findings.push(foreign(vm, use));
  }
  findings.push(...spansOutside(vm, settings, facts.uses, names));
  for (const probe of probes) {
    const held = probe.uses.filter((use) => use.held);
    // Held, but not whole: what of that disk is not held is said of the disk itself.
    if (held.length === 0 || held.some((use) => use.disks.some((name) => known.has(name)))) continue;
    findings.push(coversNothing(vm, probe));
  }
  const unmatched = new Set(vm.disks.map(({ address }) => address).filter((address) => !names.has(address)));
  return { covers, watches, boot, notHeld, unmatched, findings };
}

/**
 * What lies on a disk that is taken and on one that is not would be taken by half, whoever holds it (I8). While a disk of
 * the VM is matched with none of the guest's, one that is none of the VM's cannot be told from it.
 */
function spansOutside(
  vm: VmPlacement,
  { exclude }: VmSettings,
  uses: readonly GuestUse[],
  names: ReadonlyMap<string, readonly string[]>,
): readonly Finding[] {
  const excluded = new Set(exclude.map(({ disk }) => disk));
  const included = vm.disks.filter(({ address }) => !excluded.has(address)).map(({ address }) => address);
  const taken = new Set(included.flatMap((address) => names.get(address) ?? []));
  const leftOut = new Map(
    [...excluded].flatMap((address) => (names.get(address) ?? []).map((name) => [name, address])),
  );
  const allMatched = included.every((address) => names.has(address));
  return uses.flatMap((use) => {
    if (!use.disks.some((name) => taken.has(name))) return [];
    const others = use.disks.filter((name) => !taken.has(name) && (leftOut.has(name) || allMatched));
    return others.length === 0 ? [] : [spans(vm, use, others, leftOut)];
  });
}

/** Of the VM's disks, those at these addresses. */
function refsOf({ vm, disks }: VmPlacement, addresses: readonly string[] = []): readonly DiskRef[] {
  return disks.filter(({ address }) => addresses.includes(address)).map(({ address }) => ({ vm, disk: address }));
}

function isCovered(names: readonly string[], uses: readonly GuestUse[]): boolean {
  const own = uses.filter((use) => use.disks.some((name) => names.includes(name)));
  return own.length > 0 && own.every((use) => use.held);
}

function holds(probe: ProbeReport, use: GuestUse): boolean {
  return probe.uses.some((other) => other.what === use.what && other.kind === use.kind && other.held);
}

/** By address: the guest's names of that disk. */
function match(vm: VmPlacement, settings: VmSettings, probe: ProbeReport): ReadonlyMap<string, readonly string[]> {
  const matched = new Map<string, readonly string[]>();
  for (const disk of vm.disks) {
    const names = told(disk, settings, probe.uses) ?? identified(disk, probe.disks) ?? addressed(disk, vm, probe.disks);
    if (names !== undefined && names.length > 0) matched.set(disk.address, names);
  }
  return matched;
}

/** The topology says under which mount it lies: the one way where the guest's disks carry no identity. */
function told(disk: DiskPlacement, settings: VmSettings, uses: readonly GuestUse[]): readonly string[] | undefined {
  const mount = settings.disks.get(disk.address)?.mount;
  if (mount === undefined) return undefined;
  return uses.find((use) => use.kind === 'mount' && use.what === mount)?.disks ?? [];
}

/** VPD 0x83 of an RDM is the LUN's own; a virtual disk shows its backing's uuid there and as its serial. */
function identified(disk: DiskPlacement, guest: readonly GuestDisk[]): readonly string[] | undefined {
  const ids = new Set(disk.kind.startsWith('rdm') ? disk.data.map(bare) : []);
  if (disk.uuid !== undefined) ids.add(bare(disk.uuid));
  const found = guest.filter((own) => [own.wwn, own.serial].some((id) => id !== undefined && ids.has(bare(id))));
  return found.length === 0 ? undefined : found.map(({ name }) => name);
}

function bare(id: string): string {
  return id
    .toLowerCase()
    .replace(/^(naa|eui)\./, '')
    .replaceAll('-', '');
}

/**
 * By SCSI address, only where nothing can be mistaken: one SCSI controller on both sides, the unit equal to the target,
 * and the size the same.
 */
function addressed(disk: DiskPlacement, vm: VmPlacement, guest: readonly GuestDisk[]): readonly string[] | undefined {
  const unit = /^scsi(\d+):(\d+)$/.exec(disk.address);
  const controllers = new Set(vm.disks.map(({ address }) => address.split(':')[0]));
  const scsi = guest.filter((own) => own.scsi !== undefined);
  const hosts = new Set(scsi.map((own) => own.scsi?.host));
  if (unit === null || controllers.size !== 1 || hosts.size !== 1) return undefined;
  const found = scsi.filter(
    (own) => own.scsi?.target === Number(unit[2]) && own.scsi.lun === 0 && own.sizeBytes === disk.sizeBytes,
  );
  return found.length === 1 ? found.map(({ name }) => name) : undefined;
}

function useText(use: GuestUse): string {
  return use.kind === 'mount' ? `${use.what} (${use.fsType ?? 'mounted'})` : use.what;
}

/** VMware Tools fail to freeze what is frozen already (open-vm-tools 12.2 and later). */
function frozenTwice(vm: VmPlacement, hold: ProbeReport, point: ProbeReport): Finding {
  return {
    code: 'plan.frozen-twice',
    severity: 'error',
    subject: vm.vm,
    message: `\`${hold.method}\` and \`${point.method}\` would both quiesce this guest, and each fails where the other has frozen a file system`,
    hint: 'Keep one of them under `quiesce` of the VM.',
  };
}

function noSuchMount(vm: VmPlacement, address: string, mount: string): Finding {
  return {
    code: 'plan.no-such-mount',
    severity: 'error',
    subject: diskName({ vm: vm.vm, disk: address }),
    message: `the topology says that this disk lies under ${mount}, and nothing is mounted there in the guest`,
    hint: 'Mount it, or correct the entry under `disks` of the VM.',
  };
}

function contradicted(
  vm: VmPlacement,
  address: string,
  mount: string,
  said: readonly string[],
  seen: readonly string[],
): Finding {
  return {
    code: 'plan.disk-contradicted',
    severity: 'error',
    subject: diskName({ vm: vm.vm, disk: address }),
    message: `the topology says that this disk lies under ${mount}, which is on ${said.join(', ')}; by its identity it is ${seen.join(', ')}`,
    hint: 'Correct the entry under `disks` of the VM, or take it out: this guest can tell by itself.',
  };
}

function foreign(vm: VmPlacement, use: GuestUse): Finding {
  return {
    code: 'plan.foreign-disk',
    severity: 'warning',
    subject: vm.vm,
    message: `${use.what} lies on ${use.disks.join(', ')}, which is none of the VM's disks (storage that the guest mounts itself?); it will not be in the image`,
    hint: 'If it is one of the VM’s disks, say which: `disks: { "scsi0:1": /the/mount }`.',
  };
}

function spans(
  vm: VmPlacement,
  use: GuestUse,
  others: readonly string[],
  leftOut: ReadonlyMap<string, string>,
): Finding {
  const where = others.map((name) => {
    const address = leftOut.get(name);
    return address === undefined
      ? `${name}, which is none of the VM’s disks`
      : `${name}, which is ${address}, excluded`;
  });
  return {
    code: 'plan.spans-outside',
    severity: 'error',
    subject: vm.vm,
    message: `${useText(use)} lies partly on ${where.join(' and ')}: the set would contain only a part of it`,
    hint: 'Take the excluded disk as well (`exclude`), or move what lies there onto the VM’s own disks.',
  };
}

function coversNothing(vm: VmPlacement, probe: ProbeReport): Finding {
  const held = probe.uses.filter((use) => use.held).map(({ what }) => what);
  return {
    code: 'plan.covers-nothing',
    severity: 'error',
    subject: vm.vm,
    message: `${probe.method} would hold ${held.join(', ')}, and that makes none of the VM's disks (${vm.disks.map((disk) => diskName({ vm: vm.vm, disk: disk.address })).join(', ')}) still`,
    hint: 'Set disk.EnableUUID on the VM, or say which disk lies where: `disks: { "scsi0:1": /the/mount }`.',
  };
}
