import type { Clock } from './base/clock.ts';
import type { Deadline } from './base/deadline.ts';
import type { SecretRef, Secrets } from './base/secret-ref.ts';
import type { VmPlacement } from './model.ts';
import type { Shell } from './ports.ts';
import type { SshSettings } from './transport/ssh/settings.ts';
import type { Vsphere } from './vsphere/client.ts';

/**
 * What drivers and methods reach the outside with. Made once for a command (cli/world.ts, or a test) and handed to every
 * factory; nothing is connected before it is asked for. Whoever made it closes what it opened.
 */
export interface Outside {
  readonly clock: Clock;
  /** Every secret that the topology refers to has been read by now. */
  readonly secrets: Secrets;
  /**
   * Opens a shell there; `undefined`: on this machine, where programs get no variables of ours that may hold a secret,
   * but for those that are named. Each call opens a new one.
   *
   * @throws Fault `ssh.…`, which names the host and the remedy
   */
  shell(place: SshSettings<SecretRef> | undefined, deadline: Deadline, variables?: readonly string[]): Promise<Shell>;
  /**
   * The one login to vSphere that the whole command shares; a login that failed is tried again at the next call.
   *
   * @throws Fault `vsphere.…`
   */
  vsphere(deadline: Deadline): Promise<Vsphere>;
}

/** What every method is made with, besides its own settings: a method is made for one VM. */
export interface MethodParts extends Outside {
  /**
   * What vSphere says of the VM now.
   *
   * @throws Fault `vsphere.…`
   */
  placement(deadline: Deadline): Promise<VmPlacement>;
  /** Addresses of the disks that the topology leaves out of the set. */
  readonly excluded: ReadonlySet<string>;
}
