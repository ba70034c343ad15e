import type { ArraySnapshot, CutLabel, DeviceKey } from '../../src/model.ts';
import type { ArrayDriver } from '../../src/ports.ts';
import type { JumpingClock } from './array-clock.ts';

/** What can befall the fire of a volume. */
export type LabFault =
  /** The array says no. */
  | 'refused'
  /** Nothing arrives, nothing comes back. */
  | 'lost-before'
  /** Taken; the answer is lost. */
  | 'lost-after'
  /** The answer is lost; taken half a minute later. */
  | 'late'
  /** Accepted; the job takes it 500 ms later. */
  | 'job'
  /** Accepted; then its job fails. */
  | 'job-fails';

/** One array of a make, with three volumes, and a hand on it that is not the driver's. */
export interface ArrayLab {
  readonly clock: JumpingClock;
  /** A fresh driver: another process. */
  driver(): ArrayDriver;
  /** Of three volumes. */
  readonly devices: readonly DeviceKey[];
  /** Everything that stands on the array besides its volumes, as it shows it to somebody else. */
  objects(): Promise<readonly string[]>;
  /** Replaces what a volume holds; by place in `devices`. */
  write(volume: number, text: string): Promise<void>;
  read(snapshot: ArraySnapshot): Promise<string>;
  /** Takes the snapshot away and puts another one in its place, under its name. */
  replace(snapshot: ArraySnapshot): Promise<void>;
  /** The next fire of this volume, with this label, meets it. */
  fail(volume: number, fault: LabFault, label: CutLabel): Promise<void>;
  /** From now on nothing answers. */
  stall(): void;
  /** Three sound fires at once are answered within this; default 400. */
  readonly patienceMs?: number;
  /** Its drivers can show what is in a snapshot. */
  readonly shows: boolean;
  /** Each thing that can be wrong, and what is said then: as a finding of `check`, or as the fault of a run. */
  readonly wrongs: readonly WrongThing[];
  /** Must not be seen in anything that is said. */
  readonly secret?: string;
  close(): Promise<void>;
}

export interface WrongThing {
  readonly what: string;
  readonly code: string;
  /** Makes it wrong; the answer is a driver that meets it. */
  make(): Promise<ArrayDriver>;
  /** Where it shows. */
  readonly shows: 'check' | 'locate' | 'arm';
}
