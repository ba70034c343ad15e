/** What is inside a raw disk's `lunUuid`, or a device's `vml.` name. */
export type LunUuid =
  | { readonly kind: 'naa'; readonly naa: string; readonly lun: number; readonly model: string }
  | { readonly kind: 'unknown'; readonly why: string };

const HEADER = 10;
const IDENTIFIER = 32;
const MODEL = 12;

/**
 * Takes it apart by structure, never by searching for something that looks like an identifier. Five bytes of header
 * (kind of name, device type, LUN number low, high, reserved), sixteen of NAA, six characters of the model (VMware KB
 * 379673 for 7.x and later, 320217 before). The number belongs to one host's view: only the NAA says which LUN it is.
 * Names of other kinds and lengths are not interpreted.
 */
export function parseLunUuid(written: string): LunUuid {
  const text = written.toLowerCase().replace(/^vml\./, '');
  if (!/^([0-9a-f]{2})+$/.test(text)) return { kind: 'unknown', why: 'it is not hexadecimal' };
  const nameType = text.slice(0, 2);
  if (nameType !== '02') return { kind: 'unknown', why: `its name is of type ${nameType}, not NAA (02)` };
  if (text.length !== HEADER + IDENTIFIER + MODEL) {
    return { kind: 'unknown', why: `it has ${text.length / 2} bytes, not ${(HEADER + IDENTIFIER + MODEL) / 2}` };
  }
  const naa = text.slice(HEADER, HEADER + IDENTIFIER);
  if (!naa.startsWith('6')) return { kind: 'unknown', why: `its identifier begins with ${naa[0]}, not 6` };
  return {
    kind: 'naa',
    naa,
    lun: Number.parseInt(text.slice(6, 8) + text.slice(4, 6), 16),
    model: Buffer.from(text.slice(-MODEL), 'hex').toString('latin1').trimEnd(),
  };
}
