/** DMI shows the first three fields of a VM's uuid in either byte order, as firmware pleases: both are the same machine. */
export function byteOrders(uuid: string): readonly [string, string] {
  const given = uuid.trim().toLowerCase();
  const [a = '', b = '', c = '', ...rest] = given.split('-');
  return [given, [swapped(a), swapped(b), swapped(c), ...rest].join('-')];
}

function swapped(hex: string): string {
  return (hex.match(/../g) ?? []).reverse().join('');
}
