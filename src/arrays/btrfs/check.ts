import type { Deadline } from '../../base/deadline.ts';
import type { ArrayId, Finding } from '../../model.ts';
import type { Box } from '../box.ts';
import { checkFolder } from '../linux/check-folder.ts';
import { wrongWithName } from '../names.ts';
import type { VolumeEntry } from '../parts.ts';
import type { BtrfsApi } from './api.ts';
import type { BtrfsSettings } from './config.ts';

/** Looks at all that a run will need, and says everything that it will not get. Changes nothing. */
export async function checkBtrfs(
  array: ArrayId,
  settings: BtrfsSettings,
  parts: { readonly api: BtrfsApi; readonly box: Box; readonly volumes: readonly VolumeEntry[] },
  deadline: Deadline,
): Promise<readonly Finding[]> {
  const { root } = settings;
  const subject = `array ${array}`;
  if ((await parts.api.prefix(deadline)) === undefined) {
    return [
      {
        code: 'array.no-btrfs',
        severity: 'error',
        subject,
        message: `${root} is no mounted btrfs file system and no subvolume of one`,
        hint: `Mount it, or correct arrays.${array}.root.`,
      },
    ];
  }
  const there = new Set((await parts.api.subvolumes(deadline)).map(({ path }) => path));
  const missing = parts.volumes.flatMap(({ name }): readonly Finding[] => {
    const wrong = wrongWithName(name) ?? (there.has(name) ? undefined : `is no subvolume below ${root}`);
    if (wrong === undefined) return [];
    const hint = 'Look at the name under volumes: it is the path of a subvolume, relative to the root.';
    return [{ code: 'array.no-such-volume', severity: 'error', subject, message: `volume ${name} ${wrong}`, hint }];
  });
  return [...missing, ...(await checkFolder(array, settings, parts.box, deadline))];
}
