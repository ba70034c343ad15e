import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startVcsim } from './vcsim.js';

/**
 * @typedef {object} World
 * @property {number} vms
 * @property {number} hosts
 * @property {number} luns as many as each host sees; with any, every VM has one of them as a raw disk
 */

/**
 * A model for `vcsim -load`: vcsim's own inventory of one VM, as `govc object.save` writes it, with that VM and its host
 * copied under other names. Making 10,000 VMs in vcsim itself takes it a quarter of an hour. Its datastore lies on VMFS here.
 *
 * @param {string} folder
 * @param {World} world
 */
export async function makeModel(folder, world) {
  const small = join(folder, 'small');
  const vcsim = await startVcsim(['-standalone-host', '1', '-cluster', '0', '-vm', '1']);
  try {
    execFileSync('govc', ['object.save', '-d', small, '-f'], {
      env: vcsim.env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } finally {
    await vcsim.stop();
  }
  const files = readdirSync(small, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => ({ name, text: readFileSync(join(small, name), 'utf8') }));
  const vm = the(files, 'VirtualMachine');
  const host = the(files, 'HostSystem');
  const large = join(folder, 'large');
  mkdirSync(large);
  for (const { name, text } of files) {
    if (name === vm.name || name === host.name) continue;
    const onVmfs = name.includes('-Datastore-') ? vmfs(text) : text;
    writeFileSync(join(large, name), repeated(repeated(onVmfs, vm.id, vmId, world.vms), host.id, hostId, world.hosts));
  }
  const luns = Array.from({ length: world.luns }, (_, index) => index);
  for (let index = 0; index < world.hosts; index += 1) {
    const seen = luns.map((lun) => scsiLun(lun, lun + index)).join('');
    const own = repeated(host.text, vm.id, vmId, world.vms)
      .replaceAll(host.id, hostId(index))
      .replace('<scsiLun ', `${seen}<scsiLun `);
    writeFileSync(join(large, `9000${index}-HostSystem-${hostId(index)}.xml`), own);
  }
  for (let index = 0; index < world.vms; index += 1) {
    const own = vm.text
      .replaceAll(`>${vm.id}<`, `>${vmId(index)}<`)
      .replaceAll(host.id, hostId(index % world.hosts))
      .replaceAll(/DC0_H0_VM0(?!\d)/g, vmName(index))
      .replace(/<ManagedObjectReference type="Task">[^<]*<\/ManagedObjectReference>/g, '')
      .replace(/<(uuid|instanceUuid)>([0-9a-f-]{24})[0-9a-f]{12}</g, `<$1>$2${String(index).padStart(12, '0')}<`);
    const text =
      world.luns === 0 ? own : withRawDisk(own, index % world.luns, (index % world.luns) + (index % world.hosts));
    writeFileSync(join(large, `9${String(index).padStart(6, '0')}-VirtualMachine-${vmId(index)}.xml`), text);
  }
  return large;
}

/** @param {number} index */
export function vmName(index) {
  return `DC0_H0_VM${index}`;
}

/** @param {number} index */
function vmId(index) {
  return `vm-${10_000 + index}`;
}

/** @param {number} index */
function hostId(index) {
  return `host-${5000 + index}`;
}

/**
 * @param {readonly { readonly name: string, readonly text: string }[]} files
 * @param {string} type
 */
function the(files, type) {
  const file = files.find(({ name }) => name.includes(`-${type}-`));
  const [, id] = new RegExp(`-${type}-(.+)\\.xml$`).exec(file?.name ?? '') ?? [];
  if (file === undefined || id === undefined) throw new Error(`vcsim's model has no ${type}`);
  return { ...file, id };
}

/**
 * In every list that holds this object, all of its copies.
 *
 * @param {string} text
 * @param {string} id
 * @param {(index: number) => string} copy
 * @param {number} count
 */
function repeated(text, id, copy, count) {
  return text.replaceAll(
    new RegExp(`<ManagedObjectReference type="[A-Za-z]+">${id}</ManagedObjectReference>`, 'g'),
    (one) => Array.from({ length: count }, (_, index) => one.replace(id, copy(index))).join(''),
  );
}

/** @param {string} text */
function vmfs(text) {
  const info = [
    '<name>LocalDS_0</name><url>ds:///vmfs/volumes/1/</url><freeSpace>1</freeSpace><maxFileSize>0</maxFileSize>',
    '<vmfs><type>VMFS</type><name>LocalDS_0</name><capacity>2</capacity><blockSizeMb>1</blockSizeMb><maxBlocks>1</maxBlocks>',
    `<majorVersion>6</majorVersion><version>6.82</version><uuid>5f000000-00000000-0000-000000000001</uuid>`,
    `<extent><diskName>naa.${naa(4095)}</diskName><partition>1</partition></extent>`,
    '<vmfsUpgradable>false</vmfsUpgradable></vmfs>',
  ].join('');
  return text
    .replace(/:type="LocalDatastoreInfo">.*?<\/val>/s, `:type="VmfsDatastoreInfo">${info}</val>`)
    .replace('<type>OTHER</type>', '<type>VMFS</type>');
}

/** @param {number} lun */
function naa(lun) {
  return `624a937000000000000000000000${lun.toString(16).padStart(4, '0')}`;
}

/**
 * @param {number} lun
 * @param {number} number under which a host sees it
 */
function lunUuid(lun, number) {
  const [low, high] = [number & 255, number >> 8].map((byte) => byte.toString(16).padStart(2, '0'));
  return `0200${low}${high}00${naa(lun)}466c61736841`;
}

/**
 * @param {number} lun
 * @param {number} number
 */
function scsiLun(lun, number) {
  const [name, uuid] = [`naa.${naa(lun)}`, lunUuid(lun, number)];
  const names = [name, `vml.${uuid}`, uuid].map(
    (id) => `<descriptor><quality>highQuality</quality><id>${id}</id></descriptor>`,
  );
  return [
    '<scsiLun XMLSchema-instance:type="HostScsiDisk">',
    `<deviceName>/vmfs/devices/disks/${name}</deviceName><deviceType>disk</deviceType>`,
    `<key>key-vim.host.ScsiDisk-${uuid}</key><uuid>${uuid}</uuid>${names.join('')}<canonicalName>${name}</canonicalName>`,
    `<displayName>Fibre Channel Disk (${name})</displayName><lunType>disk</lunType><vendor>PURE</vendor><model>FlashArray</model>`,
    '<operationalState>ok</operationalState><capacity><blockSize>512</blockSize><block>2048</block></capacity>',
    `<devicePath>/vmfs/devices/disks/${name}</devicePath></scsiLun>`,
  ].join('');
}

/**
 * Beside the disk that it has.
 *
 * @param {string} text
 * @param {number} lun
 * @param {number} number
 */
function withRawDisk(text, lun, number) {
  const [disk = ''] = /<device XMLSchema-instance:type="VirtualDisk">.*?<\/device>/s.exec(text) ?? [];
  const raw = disk
    .replace('<key>204</key>', '<key>2010</key>')
    .replace('<unitNumber>0</unitNumber>', '<unitNumber>1</unitNumber>')
    .replace('disk1.vmdk', 'disk2.vmdk')
    .replace(
      /<backing XMLSchema-instance:type="VirtualDiskFlatVer2BackingInfo">(.*?<\/datastore>).*?<\/backing>/s,
      `<backing XMLSchema-instance:type="VirtualDiskRawDiskMappingVer1BackingInfo">$1<lunUuid>${lunUuid(lun, number)}</lunUuid><deviceName>vml.${lunUuid(lun, number)}</deviceName><compatibilityMode>physicalMode</compatibilityMode></backing>`,
    );
  return text.replace(disk, `${disk}${raw}`);
}
