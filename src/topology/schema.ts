import { z } from 'zod';
import { duration } from '../base/duration.ts';
import { secretRef } from '../base/secret-ref.ts';
import { sshSettings } from '../transport/ssh/settings.ts';
import { tlsSettings } from '../transport/tls-settings.ts';
import { deviceFault, notText } from './device-words.ts';
import type { Makes } from './makes.ts';

/** The whole file but its `x-` keys, strict. */
export function topologySchema(makes: Makes) {
  return fileSchema(arraySchema(makes), quiesceSchema(makes));
}

/** The same file with its arrays' and methods' own keys as they were written: for when the strict one has accepted it. */
export function looseSchema() {
  const stage = z.looseObject({ method: z.string() });
  const word = z.string().transform((method) => ({ method }));
  const one = z.union([word, stage]);
  return fileSchema(z.looseObject({ driver: z.string() }), z.union([one.transform((only) => [only]), z.array(one)]));
}

function fileSchema<Driver extends z.ZodType, Quiesce extends z.ZodType>(driver: Driver, quiesce: Quiesce) {
  const shared = {
    ssh: sshWritten.exactOptional().describe('How to log in to the guest; merged key by key with `defaults.ssh`'),
    quiesce: quiesce
      .exactOptional()
      .describe('How the guest is held still: a method, or a list held in this order and released in the opposite one'),
    boot: z
      .enum(['crash', 'hold'])
      .exactOptional()
      .describe(
        'The disk of `/` (Windows: `C:`): `crash`, the default, allows its snapshot without quiescing; `hold` requires that it is held',
      ),
    encrypted: z.literal('accepted').exactOptional().describe('An encrypted VM is refused without this'),
    allow: z
      .array(z.enum(['vmware-snapshot']))
      .exactOptional()
      .describe(
        'What would be refused otherwise: `vmware-snapshot`, a VM that runs on a VMware snapshot (`crash` at best)',
      ),
  };
  const vm = z.strictObject({
    vm: text
      .exactOptional()
      .describe('What vSphere knows it by where the name is not unique: an inventory path, instance UUID or MoRef'),
    ...shared,
    exclude: z
      .array(
        z.strictObject({
          disk: diskAddress.describe('The disk, by controller and unit'),
          because: text.describe('Why it may be missing from the set; shown in plan, report and manifest'),
        }),
      )
      .exactOptional()
      .describe('Disks that are left out of the set'),
    disks: z
      .record(diskAddress, z.union([mountPoint.transform((mount) => ({ mount })), diskSchema]))
      .exactOptional()
      .describe('What the guest cannot tell of a disk: its mount point, or `{ mount, require }`'),
  });
  return z.strictObject({
    version: z.literal(1, { error: ({ input }) => versionFault(input) }).describe('The version of this file: 1'),
    vsphere: vsphereSchema
      .exactOptional()
      .describe(
        'The vCenter, or one ESXi host; what is left out comes from GOVC_URL, GOVC_USERNAME, GOVC_PASSWORD, and with GOVC_URL also GOVC_INSECURE',
      ),
    state: text
      .exactOptional()
      .describe(
        'Folder for manifests, journals and locks; else $STILLPOINT_HOME, $XDG_STATE_HOME/stillpoint or ~/.local/state/stillpoint',
      ),
    arrays: filled(idName, driver, 'fast: { driver: btrfs, local: true, root: /srv/luns }').describe(
      'Storage arrays by a name of your choice; each is asked once which LUNs are its own',
    ),
    tiers: z
      .record(text, tierSchema)
      .exactOptional()
      .describe('What should lie where; a disk that lies elsewhere is a finding of the plan'),
    volumes: z
      .record(text, volumeSchema)
      .exactOptional()
      .describe(
        "Only what an array cannot be asked: which of its volumes has which NAA or export. The key is the array's own name of the volume",
      ),
    defaults: z.strictObject(shared).exactOptional().describe('Every VM starts from this; its own keys win'),
    vms: filled(text, vm, 'mail01: { ssh: { host: mail01.example }, quiesce: fsfreeze }').describe(
      'Virtual machines by their name in vSphere; `{}`: no login, no hold',
    ),
    groups: filled(groupName, groupSchema, 'mail: { vms: [mail01] }').describe(
      'VMs that are snapshotted at one instant',
    ),
  });
}

const text = z.string().min(1);

function versionFault(input: unknown): string {
  if (input === undefined) return ' is missing; it must be 1\nWrite version: 1 as the first line.';
  if (String(input) === '1') return ' must be 1\nTake the quotes off.';
  return ' must be 1\nWrite version: 1; a file of a later version needs a later Stillpoint.';
}

/** As a VM or `defaults` writes it: what is missing comes from the other. */
const sshWritten = sshSettings.partial();

/** An array's name stands in output, locks and the command line. */
const idName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'its name may have letters, digits, dot, dash and underscore, a letter or digit first',
  );
/** The same that a set id can carry; `latest` means a set on the command line. */
const groupName = z
  .string()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]{0,63}$/u,
    'its name may have letters, digits, dot, dash and underscore, a letter or digit first, 64 at the most',
  )
  .regex(/^(?!latest$)/, '`latest` means something else on the command line; choose another name');
const diskAddress = z
  .string()
  .regex(/^(scsi|nvme|sata|ide)\d{1,2}:\d{1,3}$/, 'a disk is named by controller and unit: "scsi0:1", "nvme0:0"');
const mountPoint = text.regex(/^(\/|[A-Za-z]:)/, 'a mount point begins with / (or a drive letter)');

const diskSchema = z.strictObject({
  mount: mountPoint.exactOptional().describe('Mount point that lies on this disk'),
  require: z
    .literal('crash')
    .exactOptional()
    .describe('`crash`: the snapshot of this disk may be taken without quiescing'),
});

const vsphereSchema = z.strictObject({
  url: text
    .regex(/^(?:https:\/\/|(?!\w+:\/\/))/i, 'an address begins with https://\nWrite https://vcenter.example/sdk.')
    .refine(isAddress, 'this is no address\nWrite https://vcenter.example/sdk.')
    .exactOptional()
    .describe('https://vcenter.example/sdk'),
  username: text.exactOptional().describe('A read-only role is enough for fsfreeze, script and none'),
  password: secretRef.exactOptional().describe('`{ env: NAME }`, `{ file: PATH }` or `{ command: [..] }`'),
  tls: tlsSettings.exactOptional(),
});

const tierSchema = z.strictObject({
  arrays: z.array(text).min(1).describe('Names of arrays'),
  expect: z
    .array(z.enum(['rdm', 'vmfs', 'nfs']))
    .min(1)
    .exactOptional()
    .describe('Kinds of disks that should lie here'),
});

/** The pattern is for editors; the words are the reader's. */
function deviceName(prefix: 'naa' | 'eui') {
  return z.string({ error: notText(prefix) }).regex(new RegExp(`^${prefix}\\.(?:[0-9a-f]{16}|[0-9a-f]{32})$`, 'i'), {
    error: ({ input }) => deviceFault(String(input), prefix),
  });
}

const volumeSchema = z
  .strictObject({
    array: text.exactOptional().describe('The array that it lies on'),
    name: text.exactOptional().describe("The array's own name, where the key cannot be"),
    naa: deviceName('naa')
      .transform((id) => id.toLowerCase())
      .exactOptional()
      .describe('The LUN as vSphere names it: naa.…'),
    eui: deviceName('eui')
      .transform((id) => id.toLowerCase())
      .exactOptional()
      .describe('The NVMe namespace as vSphere names it: eui.…'),
    nfs: z
      .string()
      .regex(/^[^\s:/]+:\/\S*$|^\[[0-9A-Fa-f:]+\]:\/\S*$/, 'an export is SERVER:/PATH')
      .exactOptional()
      .describe('The NFS export: SERVER:/PATH'),
    prefer: text.exactOptional().describe('The array that cuts it, where two arrays claim the same device'),
    vmfs: text.exactOptional().describe('The datastore on it; checked against vSphere'),
    rdm: z.literal(true).exactOptional().describe('It is a raw device mapping; checked against vSphere'),
  })
  .meta({
    // Told to editors here; the reader has its own words for it.
    oneOf: [{ required: ['naa'] }, { required: ['eui'] }, { required: ['nfs'] }],
    anyOf: [{ required: ['array'] }, { required: ['prefer'] }],
  });

const memberSchema = z.strictObject({
  vm: text.describe('A name from `vms`'),
  after: z
    .union([text.transform((only) => [only]), z.array(text)])
    .exactOptional()
    .describe('Held after these, released before them'),
  optional: z.boolean().exactOptional().describe('The run goes on without it, and says so'),
});

const NAME_ONE = '\nName at least one: vms: [mail01].';
const NO_MEMBERS = `a group without VMs has nothing to snapshot${NAME_ONE}`;

const groupSchema = z.strictObject({
  vms: z
    .array(z.union([text.transform((vm): z.output<typeof memberSchema> => ({ vm })), memberSchema]), {
      error: ({ input }) => (input === undefined ? ` is missing${NAME_ONE}` : input === null ? NO_MEMBERS : undefined),
    })
    .min(1, NO_MEMBERS)
    .describe('Names from `vms`, or `{ vm, after, optional }`'),
  window: duration.exactOptional().describe('The longest that any one guest is still, 120s at most; default 10s'),
  longWindow: z.literal('accepted').exactOptional().describe('A window above 60s is refused without this'),
  require: z
    .enum(['application', 'filesystem', 'crash', 'unproven'])
    .exactOptional()
    .describe('Less than this is not success; default: the least that the methods of the group give'),
  weak: z
    .enum(['keep', 'remove'])
    .exactOptional()
    .describe('What happens to a set that proves less than required; default keep'),
  maxAge: duration.exactOptional().describe('`status` says "too old" when the last good set is older'),
  keep: z
    .strictObject({ last: z.int().min(1).describe('So many good sets; the last good one always stays') })
    .exactOptional()
    .describe('What a good run leaves of the older sets; default: all of them'),
  instant: z
    .enum(['group', 'per-vm'])
    .exactOptional()
    .describe('`group`: one instant for all VMs, or the plan is refused; `per-vm`: each may have its own'),
});

/** Also without its scheme: `vcenter.example` is https. */
function isAddress(written: string): boolean {
  return URL.canParse(/^https:/i.test(written) ? written : `https://${written}`);
}

/**
 * At least one entry.
 * @param example what to write below the key where there is none
 */
function filled<Key extends z.core.$ZodRecordKey, Value extends z.ZodType>(key: Key, value: Value, example: string) {
  const hint = `Write at least one below it:\n  ${example}`;
  return z
    .record(key, value, {
      error: ({ input }) =>
        input === undefined ? ` is missing\n${hint}` : input === null ? ` has nothing in it\n${hint}` : undefined,
    })
    .refine((entries) => Object.keys(entries).length > 0, ` has nothing in it\n${hint}`)
    .meta({ minProperties: 1 });
}

function arraySchema(makes: Makes) {
  return tagged('driver', makes.arrays, 'What it is spoken to with');
}

function quiesceSchema(makes: Makes) {
  const stage = tagged('method', makes.methods, 'How it is held');
  const word = z
    .enum(Object.keys(makes.methods))
    .transform((method): Tagged => ({ method }))
    .pipe(stage);
  const one = z.union([word, stage]);
  return z.union([one, z.array(one).min(1, 'an empty list; `none` holds nothing')]);
}

type Tagged = Readonly<Record<string, unknown>>;

/** One of the schemas, told apart by the word under `key`. */
function tagged(key: string, schemas: Makes['arrays'], what: string): z.ZodType<unknown, Tagged> {
  const [first, ...others] = Object.entries(schemas).map(([name, schema]) =>
    schema.safeExtend({ [key]: z.literal(name).describe(what) }),
  );
  if (first === undefined) throw new Error(`no ${key} is known`);
  return z.discriminatedUnion(key, [first, ...others]);
}
