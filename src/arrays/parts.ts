import type { Clock } from '../base/clock.ts';
import type { Deadline } from '../base/deadline.ts';
import type { DeviceKey } from '../model.ts';
import type { Shell } from '../ports.ts';

/** What the topology says about a device that an array cannot be asked for. */
export interface VolumeEntry {
  /** The array's own name of the volume. */
  readonly name: string;
  readonly device: DeviceKey;
}

/** What a make that is spoken to in commands gets from outside. */
export interface Parts {
  readonly clock: Clock;
  /** Opens a shell where the settings say; a driver keeps one open, and asks again when its line was lost. */
  shell(deadline: Deadline): Promise<Shell>;
  readonly volumes: readonly VolumeEntry[];
}
