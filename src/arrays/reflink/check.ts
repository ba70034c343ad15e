import type { Deadline } from '../../base/deadline.ts';
import { settle } from '../../base/gather.ts';
import type { ArrayId, Finding } from '../../model.ts';
import type { Box } from '../box.ts';
import { checkFolder } from '../linux/check-folder.ts';
import { wrongWithName } from '../names.ts';
import type { VolumeEntry } from '../parts.ts';
import type { FilesApi } from './api.ts';
import type { ReflinkSettings } from './config.ts';

/** What `stat -f` calls the file systems that can clone a file, as a whole or when they were made for it. */
const CAN_CLONE = /^(xfs|btrfs|bcachefs|zfs|ocfs2|nfs|smb2|overlayfs|fuseblk)$/;

/** Looks at all that a run will need, and says everything that it will not get. Changes nothing. */
export async function checkReflink(
  array: ArrayId,
  settings: ReflinkSettings,
  parts: { readonly api: FilesApi; readonly box: Box; readonly volumes: readonly VolumeEntry[] },
  deadline: Deadline,
): Promise<readonly Finding[]> {
  const { root } = settings;
  const subject = `array ${array}`;
  const error = (code: string, message: string, hint: string): Finding => ({
    code,
    severity: 'error',
    subject,
    message,
    hint,
  });
  if ((await parts.box.run(['test', '-d', root], deadline)).exit !== 0) {
    return [
      error(
        'array.no-root',
        `${root} is no folder that this login can see`,
        `Mount it, or correct arrays.${array}.root.`,
      ),
    ];
  }
  const type = await parts.api.fileSystem(deadline);
  const cannot = CAN_CLONE.test(type)
    ? []
    : [
        error(
          'array.cannot-clone',
          `${root} lies on ${type}, which cannot clone files`,
          'Use xfs (mkfs.xfs -m reflink=1) or btrfs.',
        ),
      ];
  const names = parts.volumes.map(({ name }) => name);
  const sound = names.filter((name) => wrongWithName(name) === undefined);
  const images = await settle(() => parts.api.images(sound, deadline));
  if (!images.ok) return [...cannot, error(images.fault.code, images.fault.message, images.fault.hint ?? '')];
  const missing = names.flatMap((name) => {
    const wrong = wrongWithName(name) ?? (images.value.has(name) ? undefined : `is no plain file below ${root}`);
    const hint = 'Look at the name under volumes: it is the path of a file, relative to the root.';
    return wrong === undefined ? [] : [error('array.no-such-volume', `volume ${name} ${wrong}`, hint)];
  });
  return [...cannot, ...missing, ...(await checkFolder(array, settings, parts.box, deadline))];
}
