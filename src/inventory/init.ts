import { jsonLine } from '../base/json.ts';
import type { DatastorePlacement, DeviceKey, DiskPlacement, Placement, VmPlacement } from '../model.ts';
import { arrayMakeOf } from './array-make.ts';
import { arrayStub } from './array-stub.ts';

export interface InitSource {
  readonly url: string;
  readonly username: string;
  /** What the server is believed by: as it was given, or as it was seen when nobody looked. */
  readonly tls?: { readonly ca: string } | { readonly fingerprint: string; readonly unchecked?: true };
}

/**
 * A topology to begin with, from what vSphere says of these VMs: each disk as a comment, each device as a volume, one
 * stub for each array that the devices' makers tell apart. It passes `check --offline` as it is.
 */
export function initFromVsphere(placement: Placement, source: InitSource): string {
  const devices = devicesOf(placement);
  return [
    ...HEAD,
    'vsphere:',
    `  url: ${scalar(source.url)}`,
    `  username: ${scalar(source.username)} # a read-only role is enough`,
    '  password: { env: VC_PASSWORD } # or { file: PATH } or { command: [pass, show, vc] }; never the password itself',
    tlsLine(source.tls),
    '',
    ...(devices.length === 0 ? noDevices() : deviceSections(devices)),
    '',
    'defaults: # every VM starts from this',
    '  ssh: { user: stillpoint }',
    '  quiesce: { method: fsfreeze, mounts: auto } # every local file system but /; also script, none',
    '',
    'vms:',
    ...placement.vms.flatMap((vm) => vmLines(vm, placement)),
    '',
    'groups:',
    '  all:',
    `    vms: [${placement.vms.map(({ vm }) => scalar(vm)).join(', ')}]`,
    '    window: 8s # no guest is still for longer',
    '    keep: { last: 7 } # whole sets; the last good one always stays',
    '',
  ].join('\n');
}

function tlsLine(tls: InitSource['tls']): string {
  if (tls === undefined) return '  # tls: { ca: vcenter-ca.pem } # or { fingerprint: "SHA256:AB:CD:…" }';
  if ('ca' in tls) return `  tls: { ca: ${scalar(tls.ca)} }`;
  const written = `  tls: { fingerprint: ${scalar(tls.fingerprint)} }`;
  return tls.unchecked === true
    ? `${written} # as it was seen, unchecked: compare it on the server's own console`
    : written;
}

function deviceSections(devices: readonly FoundDevice[]): readonly string[] {
  return [
    '# One for each maker that the LUNs tell. Two arrays of one make: write two, and say below which has which volume.',
    'arrays:',
    ...arrayStubs(devices),
    '',
    '# The key is the name that the array itself has for the volume: put it in.',
    'volumes:',
    ...devices.flatMap(volumeLines),
  ];
}

/** On vSAN, vVols or local disks no array can be told; a topology has one all the same, and is to be read. */
function noDevices(): readonly string[] {
  return [
    '# None of these disks lies on a LUN (VMFS, RDM) or an NFS export that vSphere tells: no array is known. This is a stub.',
    'arrays:',
    ...arrayStub({ id: 'array', name: 'a name of your choice', by: 'command' }),
    '',
    'volumes: {} # nothing to cut is known: what the disks lie on must be said here, or they are in no snapshot',
  ];
}

const HEAD = [
  '# Made by `stillpoint init` from what vSphere says. What to fill in stands beside it; then',
  '#   stillpoint check --offline    reads this file only',
  '#   stillpoint check              looks at everything',
  '#   stillpoint plan all           shows what a run would do',
  'version: 1',
  '',
];

interface FoundDevice {
  readonly key: DeviceKey;
  readonly array: string;
  /** A name to start from, unique in the file. */
  readonly volume: string;
  readonly datastore?: DatastorePlacement;
  /** 'mail01 scsi0:1' */
  readonly raw?: string;
}

function devicesOf(placement: Placement): readonly FoundDevice[] {
  const found = new Map<DeviceKey, FoundDevice>();
  const add = (key: DeviceKey, name: string, rest: Pick<FoundDevice, 'datastore' | 'raw'>): void => {
    if (found.has(key)) return;
    const taken = new Set([...found.values()].map(({ volume }) => volume));
    found.set(key, { key, array: arrayMakeOf(key).id, volume: unique(slug(name), taken), ...rest });
  };
  for (const vm of placement.vms) {
    for (const disk of vm.disks) {
      const [lun] = disk.data;
      const raw = `${vm.vm} ${disk.address}`;
      if (isRaw(disk) && lun !== undefined) add(lun, `${vm.vm}_${disk.address}`, { raw });
    }
  }
  for (const datastore of placement.datastores)
    for (const key of datastore.devices) add(key, datastore.name, { datastore });
  return [...found.values()];
}

function isRaw(disk: DiskPlacement): boolean {
  return disk.kind === 'rdm-physical' || disk.kind === 'rdm-virtual';
}

/** Letters, digits and _ only: what every array takes as a name. */
function slug(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return plain === '' ? 'volume' : plain;
}

function unique(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let number = 2;
  while (taken.has(`${name}_${number}`)) number += 1;
  return `${name}_${number}`;
}

function arrayStubs(devices: readonly FoundDevice[]): readonly string[] {
  const makes = new Map(devices.map(({ key }) => arrayMakeOf(key)).map((make) => [make.id, make]));
  return [...makes.values()].flatMap(arrayStub);
}

function volumeLines({ key, array, volume, datastore, raw }: FoundDevice): readonly string[] {
  const nfs = /^nfs:\/\/(\[.*?\]|[^/]*)(\/.*)$/.exec(key);
  const where = nfs === null ? `naa: ${scalar(key)}` : `nfs: ${scalar(`${nfs[1]}:${nfs[2]}`)}`;
  const vmfs = datastore?.kind === 'vmfs' ? `, vmfs: ${scalar(datastore.name)}` : '';
  const rdm = raw === undefined ? '' : ', rdm: true';
  const comment = oneLine(raw ?? (datastore === undefined ? '' : `datastore ${datastore.name}`));
  return [`  ${scalar(volume)}: { array: ${array}, ${where}${vmfs}${rdm} } # ${comment}`];
}

function vmLines(vm: VmPlacement, placement: Placement): readonly string[] {
  const windows = vm.guestFamily === 'windowsGuest';
  const login = windows ? 'quiesce: none' : `ssh: { host: ${scalar(`${slug(vm.vm).replaceAll('_', '-')}.example`)} }`;
  return [
    `  ${scalar(vm.vm)}:${windows ? ' # Windows: cut as it is' : ''}`,
    ...(vm.path.endsWith(`/${vm.vm}`) && isUnique(vm, placement) ? [] : [`    vm: ${scalar(vm.path)}`]),
    `    ${login}`,
    ...vm.disks.map((disk) => `    # ${oneLine(diskComment(disk, placement))}`),
  ];
}

function isUnique(vm: VmPlacement, { vms }: Placement): boolean {
  return vms.filter((other) => other.path.endsWith(`/${vm.vm}`)).length === 1;
}

function diskComment(disk: DiskPlacement, { datastores }: Placement): string {
  const on = datastores.filter(({ devices }) => devices.some((device) => disk.data.includes(device)));
  const place = isRaw(disk) || on.length === 0 ? '' : ` on ${on.map(({ name }) => name).join(', ')}`;
  return `${disk.address}  ${disk.kind}  ${sizeText(disk.sizeBytes)}${place}  ${disk.data.join(', ')}`;
}

/** Of less than 1 GiB a tenth is too coarse: 8 MiB is not 0 GiB. */
function sizeText(bytes: bigint): string {
  const [unit, name] = bytes < 1024n ** 3n ? ([1024n ** 2n, 'MiB'] as const) : ([1024n ** 3n, 'GiB'] as const);
  return `${Number((bytes * 10n) / unit) / 10} ${name}`;
}

/** A comment ends with its line: what came after it, from whoever names VMs, would be a topology that runs commands. */
export function oneLine(text: string): string {
  return text.replace(/[^\S ]|[\p{Cc}\ufffd\u202a-\u202e\u2066-\u2069]/gu, ' ');
}

/** As a plain YAML word where it surely is one, else in quotes: 007, yes and `a: b` stay the text that they are. */
function scalar(text: string): string {
  const plain = /^[A-Za-z][A-Za-z0-9_./@-]*(:[A-Za-z0-9_./@-]+)*$/.test(text);
  const word = /^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return plain && !word ? text : jsonLine(text);
}
