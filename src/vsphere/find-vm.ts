import type { Deadline } from '../base/deadline.ts';
import { Fault } from '../base/fault.ts';
import type { Vsphere } from './client.ts';
import { asRef, child, type Ref } from './element.ts';
import { leaf } from './xml.ts';

/**
 * The VM with this instance UUID, whatever it is called by now: a reference changes when a VM is registered anew.
 *
 * @returns undefined where vSphere knows none, or the login may not see it
 */
export async function vmByInstanceUuid(
  vsphere: Vsphere,
  instanceUuid: string,
  limit: Deadline,
): Promise<Ref | undefined> {
  const { searchIndex } = vsphere.content;
  if (searchIndex === undefined) {
    throw new Fault({
      code: 'vsphere.no-search',
      message: `${vsphere.host} does not let ${vsphere.username} look for a VM by its UUID`,
      hint: 'Give the user the role Read-only on the vCenter, with "Propagate to children".',
    });
  }
  const args = [leaf('uuid', instanceUuid), leaf('vmSearch', true), leaf('instanceUuid', true)];
  const answer = await vsphere.call(searchIndex, 'FindByUuid', args, limit);
  return asRef(child(answer, 'returnval'));
}
