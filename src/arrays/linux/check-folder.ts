import type { Deadline } from '../../base/deadline.ts';
import type { ArrayId, Finding } from '../../model.ts';
import type { Box } from '../box.ts';

/** Less than this left, and a snapshot may fill the file system while guests write on. */
const LITTLE_LEFT = 0.1;

/** Can the snapshot folder be written to, or made, and is there room? */
export async function checkFolder(
  array: ArrayId,
  settings: { readonly root: string; readonly snapshots: string },
  box: Box,
  deadline: Deadline,
): Promise<readonly Finding[]> {
  const folder = `${settings.root}/${settings.snapshots}`;
  const subject = `array ${array}`;
  // Where it is not there yet, the root decides.
  const test = 'if [ -e "$1" ]; then [ -d "$1" ] && [ -w "$1" ]; else [ -w "$2" ]; fi';
  const writable = await box.run(['sh', '-c', test, 'stillpoint', folder, settings.root], deadline);
  const findings: Finding[] = [];
  if (writable.exit !== 0) {
    findings.push({
      code: 'array.denied',
      severity: 'error',
      subject,
      message: `this login cannot write to the snapshot folder ${folder}`,
      hint: 'Log in as a user who may, or set ssh.sudo.',
    });
  }
  const [free = 0, size = 1] = (await box.expect(['stat', '-f', '-c', '%a %b', '--', settings.root], deadline))
    .split(' ')
    .map(Number);
  if (free < size * LITTLE_LEFT) {
    findings.push({
      code: 'array.nearly-full',
      severity: 'warning',
      subject,
      message: `${Math.floor((free / size) * 100)} % of ${settings.root} is free`,
      hint: 'Remove old sets, or grow it: snapshots keep what guests overwrite.',
    });
  }
  return findings;
}
