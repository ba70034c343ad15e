import type { DeviceKey } from '../model.ts';
import type { Outside } from '../outside.ts';

/** What the topology says about a device that an array cannot be asked for. */
export interface VolumeEntry {
  /** The array's own name of the volume. */
  readonly name: string;
  readonly device: DeviceKey;
}

/** What every driver is made with, besides its own settings. */
export interface DriverParts extends Outside {
  /** What the topology says of this array's volumes. */
  readonly volumes: readonly VolumeEntry[];
}

/** As much of that as a make needs which is spoken to in commands. */
export type ShellParts = Pick<DriverParts, 'clock' | 'shell' | 'volumes'>;
