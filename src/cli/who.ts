import { hostname, userInfo } from 'node:os';
import { thisProcess } from '../base/process-identity.ts';
import type { Self } from '../catalog/running.ts';

/** 'ops@backup1': what a guest tells a second comer, and who has adopted what. */
export function whoWeAre(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A container may run under a number that no user has.
    return `uid ${process.getuid?.() ?? '?'}@${hostname()}`;
  }
}

export async function thisMachine(): Promise<Self> {
  const { machine, boot } = await thisProcess();
  return { machine, boot, host: hostname() };
}
