import { hostname, userInfo } from 'node:os';

/** 'ops@backup1': what a guest tells a second comer, and who has adopted what. */
export function whoWeAre(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A container may run under a number that no user has.
    return `uid ${process.getuid?.() ?? '?'}@${hostname()}`;
  }
}
