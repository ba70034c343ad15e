import type { GuestDisk } from '../../model.ts';
import type { Block } from './blocks.ts';
import { type Facts, textOf } from './facts.ts';

/** What tells this disk from all others: serial, world-wide name, SCSI address, its controller's PCI address. */
export function guestDisk(block: Block, facts: Facts): GuestDisk {
  const folder = `/sys/class/block/${block.name}`;
  const udev = udevOf(facts, block.dev);
  const wwid = [textOf(facts, `${folder}/wwid`), textOf(facts, `${folder}/device/wwid`)].find((text) => text);
  const serial = hexOnly(
    pageText(facts.files.get(`${folder}/device/vpd_pg80`)) ||
      textOf(facts, `${folder}/serial`) ||
      /^uuid\.(.+)$/.exec(wwid ?? '')?.[1] ||
      udev.get('ID_SCSI_SERIAL') ||
      udev.get('ID_SERIAL_SHORT') ||
      '',
  );
  const wwn =
    wwnOfPage83(facts.files.get(`${folder}/device/vpd_pg83`)) ??
    wwnOfText(wwid) ??
    wwnOfUdev(udev.get('ID_WWN_WITH_EXTENSION') ?? udev.get('ID_WWN'));
  // Linux numbers the targets of a SAS adapter as it finds them: there they are no units.
  const address = block.place.includes('/end_device-') ? '' : block.place;
  const [, host, target, lun] = /\/(\d+):\d+:(\d+):(\d+)\/block\//.exec(address) ?? [];
  const pci = [...block.place.matchAll(/\/([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])(?=\/)/g)].at(-1)?.[1];
  return {
    name: block.name,
    sizeBytes: block.sizeBytes,
    ...(serial === '' ? {} : { serial }),
    ...(wwn === undefined ? {} : { wwn }),
    ...(host === undefined ? {} : { scsi: { host: Number(host), target: Number(target), lun: Number(lun) } }),
    ...(pci === undefined ? {} : { pci }),
  };
}

/** The text of a VPD page after its four bytes of header. */
function pageText(page: Buffer | undefined): string {
  return page === undefined || page.length < 4
    ? ''
    : page
        .subarray(4, 4 + page.readUInt16BE(2))
        .toString('latin1')
        .replaceAll('\0', '')
        .trim();
}

function hexOnly(serial: string): string {
  return serial.toLowerCase().replaceAll(/[-\s]/g, '');
}

const NAA = 3;
const EUI64 = 2;

/**
 * The best name in VPD page 0x83 (SPC-4, 7.8.6): of the logical unit, binary, NAA before EUI-64, a long NAA before a
 * short one.
 */
export function wwnOfPage83(page: Buffer | undefined): string | undefined {
  const found: { readonly rank: number; readonly wwn: string }[] = [];
  let at = 4;
  while (page !== undefined && at + 4 <= page.length) {
    const length = page[at + 3] ?? 0;
    const binary = ((page[at] ?? 0) & 0x0f) === 1;
    const ofUnit = ((page[at + 1] ?? 0) & 0x30) === 0;
    const type = (page[at + 1] ?? 0) & 0x0f;
    const value = page.subarray(at + 4, at + 4 + length).toString('hex');
    if (binary && ofUnit && type === NAA) found.push({ rank: length, wwn: `naa.${value}` });
    if (binary && ofUnit && type === EUI64) found.push({ rank: 0, wwn: `eui.${value}` });
    at += 4 + length;
  }
  return found.sort((a, b) => b.rank - a.rank)[0]?.wwn;
}

function wwnOfText(text: string | undefined): string | undefined {
  return /^(naa|eui)\.[0-9a-f]+$/i.exec(text ?? '')?.[0].toLowerCase();
}

function wwnOfUdev(text: string | undefined): string | undefined {
  const digits = /^0x([0-9a-f]{16}|[0-9a-f]{32})$/i.exec(text ?? '')?.[1]?.toLowerCase();
  return digits === undefined ? wwnOfText(text) : `naa.${digits}`;
}

/** What udev knows of a device, by key: the last resort, and the only place that names a file system not mounted. */
export function udevOf(facts: Facts, dev: string): ReadonlyMap<string, string> {
  const lines = (textOf(facts, `/run/udev/data/b${dev}`) ?? '').split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [, key, value] = /^E:([A-Z0-9_]+)=(.*)$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value] as const];
    }),
  );
}
