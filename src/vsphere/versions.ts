import { Fault } from '../base/fault.ts';
import { quoted } from '../base/quoted.ts';
import { children, text } from './element.ts';
import type { Element } from './xml.ts';

/**
 * Versions of the namespace urn:vim25 that what we ask was checked against, best first (pyvmomi 8.0.3, govmomi 0.54).
 * A newer server lists the older ones as prior versions.
 */
const KNOWN = [
  '8.0.3.0',
  '8.0.2.0',
  '8.0.1.0',
  '8.0.0.2',
  '8.0.0.1',
  '8.0.0.0',
  '7.0.3.2',
  '7.0.3.1',
  '7.0.3.0',
  '7.0.2.1',
  '7.0.2.0',
  '7.0.1.1',
  '7.0.1.0',
  '7.0.0.2',
  '7.0.0.0',
  '7.0',
  '6.9.1',
  '6.8.7',
  '6.7.3',
  '6.7.2',
  '6.7.1',
  '6.7',
  '6.5',
  '6.0',
] as const;

/** The highest version that both sides know, from vimServiceVersions.xml. */
export function negotiate(document: Element, host: string): string {
  const namespace = children(document, 'namespace').find((entry) => text(entry, 'name') === 'urn:vim25');
  if (namespace === undefined) {
    throw new Fault({
      code: 'vsphere.not-vsphere',
      message: `${host} answers, but offers no vSphere API`,
      hint: 'Check that vsphere.url names a vCenter or an ESXi host.',
    });
  }
  const prior = children(namespace, 'priorVersions').flatMap((list) => children(list, 'version'));
  const offered = [text(namespace, 'version') ?? '', ...prior.map((version) => version.text)];
  const common = KNOWN.find((version) => offered.includes(version));
  if (common !== undefined) return common;
  throw new Fault({
    code: 'vsphere.version',
    message: `${host} offers the vSphere API ${quoted(offered.join(', '))}; known here: ${KNOWN.at(-1)} to ${KNOWN[0]}`,
    hint: 'vSphere 6.0 and later can be used.',
  });
}
