import { chmodSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Dialogue, Guest, Quiescer, Shell } from '../../src/ports.ts';
import type { Subject } from './quiescer-suite.ts';

/**
 * A guest that is a folder: what its kernel would say, and a stand-in for fsfreeze that leaves a mark.
 *
 * @param shell what `sh` is there
 */
export function standInRoot(shell = '/bin/sh'): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'sp-stand-in-')));
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  put(
    'proc/self/mountinfo',
    '21 1 8:0 / / rw,relatime - ext4 /dev/sda rw\n30 21 8:16 / /srv/mail rw,relatime shared:1 - xfs /dev/sdb rw\n',
  );
  put('proc/self/status', 'Uid:\t0\t0\t0\t0\n');
  put('proc/swaps', 'Filename\tType\tSize\tUsed\tPriority\n');
  for (const [name, dev, sectors] of [
    ['sda', '8:0', 1 << 21],
    ['sdb', '8:16', 1 << 22],
  ] as const) {
    const place = `sys/devices/pci0000:00/0000:03:00.0/host2/target2:0:0/2:0:0:0/block/${name}`;
    put(`${place}/dev`, `${dev}\n`);
    put(`${place}/size`, `${sectors}\n`);
    put(`${place}/ro`, '0\n');
    put(`${place}/stat`, '  60  0  2400  9  148  5  4216  29  0  20  51  0  0  0  0  28  12\n');
    put(`${place}/inflight`, '       0        0\n');
    mkdirSync(join(root, 'sys/class/block'), { recursive: true });
    symlinkSync(join(root, place), join(root, 'sys/class/block', name));
  }
  mkdirSync(join(root, 'run'));
  put('bin/fsfreeze', STAND_IN);
  chmodSync(join(root, 'bin/fsfreeze'), 0o755);
  symlinkSync(shell, join(root, 'bin/sh'));
  // What is read of a stand-in is read by the sh form.
  for (const name of ['python3', 'platform-python', 'perl']) {
    put(`bin/${name}`, '#!/bin/sh\nexit 1\n');
    chmodSync(join(root, 'bin', name), 0o755);
  }
  return root;
}

/** Says what the real one says, also when it has nothing to do. */
const STAND_IN = `#!/bin/sh
mark=$STILLPOINT_ROOT/frozen$(printf %s "$2" | tr / -)
case $1 in
  --freeze) [ ! -e "$mark" ] && : > "$mark" || { echo "fsfreeze: $2: freeze failed: Device or resource busy" >&2; exit 1; } ;;
  --unfreeze) rm "$mark" 2> /dev/null || { echo "fsfreeze: $2: unfreeze failed: Invalid argument" >&2; exit 1; } ;;
esac
`;

/** A subject over a shell of this machine, whose line can be lost. */
export function local(
  quiescer: Quiescer,
  shell: Shell,
  parts: { readonly isHeld: () => Promise<boolean>; readonly close: () => Promise<void> },
): Subject {
  const lines: Dialogue[] = [];
  const losing: Shell = {
    ...shell,
    async start(argv, deadline) {
      const line = await shell.start(argv, deadline);
      lines.push(line);
      return line;
    },
  };
  const guest: Guest = { vm: 'guest', connect: async () => losing, told: new Map() };
  return {
    quiescer,
    guest,
    ...parts,
    loseLine: () => {
      for (const line of lines) line.end();
    },
  };
}
