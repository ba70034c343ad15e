/** Who is spoken to over HTTPS, in the words of faults. */
export interface Peer {
  /** Fault codes begin with it. */
  readonly kind: 'vsphere' | 'array';
  /** As a sentence names it: 'vCenter', 'the array'. */
  readonly name: string;
  /** Where the user writes what concerns the connection. */
  readonly written: {
    /** 'vsphere.url', '--url', 'arrays.fast.url' */
    readonly url: string;
    readonly ca: string;
    readonly fingerprint: string;
    /** A CA file, as it stands beside a fingerprint. */
    readonly orCa: string;
    /**
     * How this fingerprint is accepted: a verb, then the lines to copy, each with a space before it.
     *
     * @param seen 'AB:CD:…'
     */
    pin(seen: string): string;
  };
}

/** An array of the topology. */
export function arrayPeer(id: string): Peer {
  const key = `arrays.${id}`;
  return {
    kind: 'array',
    name: 'the array',
    written: {
      url: `${key}.url`,
      ca: `${key}.tls.ca`,
      fingerprint: `${key}.tls.fingerprint`,
      orCa: 'tls: { ca: FILE }',
      pin: (seen) => `write\n  arrays:\n    ${id}:\n      tls: { fingerprint: "SHA256:${seen}" }`,
    },
  };
}
