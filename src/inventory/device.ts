import type { DeviceKey } from '../model.ts';

/**
 * A LUN or namespace as a DeviceKey, from any of the ways in which it is written: 'naa.600…', a bare or colon-separated
 * WWN, '0x600…', 'eui.…', 't10.…'. Undefined where it is none of these, or is only the name of a path ('mpx.…').
 */
export function deviceKey(written: string): DeviceKey | undefined {
  const text = written.trim().toLowerCase();
  if (/^t10\.\S+$/.test(text)) return key(text);
  const named = /^(naa|eui)\.(.+)$/.exec(text);
  const digits = (named?.[2] ?? text).replace(/^0x/, '').replace(/[:-]/g, '');
  if (named?.[1] === 'eui') return /^([0-9a-f]{16}|[0-9a-f]{32})$/.test(digits) ? key(`eui.${digits}`) : undefined;
  return isNaa(digits) ? key(`naa.${digits}`) : undefined;
}

/** An export. The server's name knows no case; the path does. */
export function nfsKey(server: string, path: string): DeviceKey {
  const host = server.includes(':') && !server.startsWith('[') ? `[${server}]` : server;
  const trimmed = path.replace(/\/+$/, '');
  return key(`nfs://${host.toLowerCase()}${trimmed.startsWith('/') ? '' : '/'}${trimmed}`);
}

/** A name of a path to a device, not of the device: two hosts give the same one to different disks. */
export function isPathName(canonicalName: string): boolean {
  return canonicalName.startsWith('mpx.');
}

/** NAA formats by length: 2, 3 and 5 have eight bytes, 6 has sixteen (SPC-4, 7.8.6.6). */
function isNaa(digits: string): boolean {
  return /^[235][0-9a-f]{15}$|^6[0-9a-f]{31}$/.test(digits);
}

/** The one place where text becomes a DeviceKey. */
function key(text: string): DeviceKey {
  return text as DeviceKey;
}
