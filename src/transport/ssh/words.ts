/**
 * What is wrong with an address, and behind a line break what to write instead. Of what was written only the name of the
 * host and the port are repeated: all before an @ may be a password.
 */
const NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?$/;
const JUMP = /^(?:ssh:\/\/)?(?:[^\s@:,/]+@)?(?:\[[0-9A-Fa-f:.%\w]+\]|[^:@\s[\]/,-][^:@\s[\]/,]*)(?::(\d+))?\/?$/;

/** Undefined: a name or an address. */
export function hostFault(written: string): string | undefined {
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(written)?.[0];
  if (scheme !== undefined) return split('is a name or an address, not a URL', written.slice(scheme.length));
  if (written.includes('@')) return split('is a name or an address; the user has a key of its own', written);
  if (/^\[[^\]]*\](?::\d*)?$/.test(written)) return split('is an IPv6 address without brackets', written);
  if (/^[^:]*:\d*$/.test(written)) return split('is a name or an address; the port has a key of its own', written);
  if (/^[^\s@/\\[\]-][^\s@/\\[\]]*$/.test(written)) return undefined;
  return ' must be a host name or an address\nWrite it alone: host: mail01.example.';
}

/** Undefined: 'none', or jump hosts that can be read. */
export function jumpFault(written: string): string | undefined {
  if (written.trim() === 'none') return undefined;
  for (const one of written.split(',')) {
    const found = JUMP.exec(one.trim());
    if (found === null) return ' must be [user@]host[:port], several with commas\nWrite jump: root@bastion.example:22.';
    if (found[1] !== undefined && !isPort(Number(found[1])))
      return ' has a port that is none\nA port is 1 to 65535; left out, 22.';
  }
  return undefined;
}

/** 'a host with a user and a port': what each of them is to be written as. */
function split(what: string, written: string): string {
  const place = written.replace(/[/?#].*$/, '').replace(/^.*@/, '');
  const [, bracketed, plain = '', port = ''] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:]*))(?::(\d*))?$/.exec(place) ?? [];
  const host = bracketed ?? (NAME.test(plain) ? plain : 'NAME');
  const parts = [
    `host: ${host.includes(':') ? `"${host}"` : host}`,
    ...(isPort(Number(port)) ? [`port: ${Number(port)}`] : []),
    ...(written.includes('@') ? ['user: NAME'] : []),
  ];
  return ` ${what}\nWrite ${parts.join(', ')}.`;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}
