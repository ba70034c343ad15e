/**
 * What is wrong with the name of a device, and behind a line break the right one, where it can be told: copied from an
 * array, from multipath or from a by-id link, it lacks its prefix or has one of its own.
 */
export function deviceFault(written: string, prefix: 'naa' | 'eui'): string | undefined {
  if (new RegExp(`^${prefix}\\.(?:[0-9a-f]{16}|[0-9a-f]{32})$`, 'i').test(written)) return undefined;
  const [, other] = /^\s*(naa|eui)\./i.exec(written) ?? [];
  const kind = other?.toLowerCase() ?? prefix;
  const hint = digitsIn(written.toLowerCase());
  const what = prefix === 'naa' ? 'an NAA is naa. and' : 'an EUI is eui. and';
  const says = `${what} 16 or 32 hex digits`;
  return hint === undefined
    ? `${says}\nCopy it from vSphere: it is the device's identifier there.`
    : `${says}\nWrite ${kind}: ${kind}.${hint}.`;
}

/** 16 or 32 of them, whatever stands around and between them. */
function digitsIn(written: string): string | undefined {
  const plain = written
    .replace(/^.*\//, '')
    .replace(/^(?:naa|eui|wwn|0x|[.:-])+/, '')
    .replace(/[\s:-]/g, '');
  // multipath and udev put a 3 in front of an NAA.
  const [digits] = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/.exec(plain.length === 33 ? plain.replace(/^3/, '') : plain) ?? [];
  return digits;
}

/** Digits alone are a number to YAML, which rounds them. */
export function notText(key: string): (issue: { readonly input?: unknown }) => string | undefined {
  return ({ input }) =>
    typeof input === 'number'
      ? ` must be text, not a number\nWrite its prefix too, ${key}.…: then it is text.`
      : undefined;
}
