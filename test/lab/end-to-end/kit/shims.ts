import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { must } from '../../kit/programs.ts';

/** The programs that take a snapshot on the arrays of this lab. */
export type Cutter = 'btrfs' | 'cp';

/** When a snapshot was taken, by the machine's clock, in µs. */
export interface Cut {
  readonly by: Cutter;
  readonly beganUs: number;
  readonly endedUs: number;
}

/** What makes an array slow: seconds before it cuts. */
export type Delays = Readonly<Partial<Record<Cutter, number>>>;

export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * A folder to put before PATH. The programs in it do what the real ones do, but for a snapshot they wait, and they write
 * down when it was taken: so an array is slow without anything in its driver being another.
 */
export function makeShims(folder: string): string {
  mkdirSync(folder);
  for (const [name, isCut] of [
    ['btrfs', `'subvolume snapshot '*`],
    ['cp', `'--reflink=always '*`],
  ] as const) {
    const real = must('env', `PATH=${SYSTEM_PATH}`, 'sh', '-c', `command -v ${name}`);
    const file = join(folder, name);
    writeFileSync(file, program(name, real, isCut));
    chmodSync(file, 0o755);
  }
  return folder;
}

/** The probe that a reflink array makes while it is prepared is no snapshot. */
function program(name: Cutter, real: string, isCut: string): string {
  return `#!/bin/sh
case "$*" in
  *-probe-*) exec ${real} "$@" ;;
  ${isCut}) ;;
  *) exec ${real} "$@" ;;
esac
sleep "\${LAB_BEFORE_${name}:-0}"
${name === 'cp' ? 'eval "$LAB_MEANWHILE"' : ''}
began=$(date +%s%6N)
${real} "$@"
code=$?
echo "${name} $began $(date +%s%6N)" >> "$LAB_CUTS"
exit $code
`;
}

/** What the topology names for them: a local array's programs get no other variables of ours. */
export const SHIM_VARIABLES = ['LAB_CUTS', 'LAB_BEFORE_btrfs', 'LAB_BEFORE_cp', 'LAB_MEANWHILE'];

/** The environment in which the shims do this. */
export function shimmed(shims: string, cuts: string, delays: Delays): Readonly<Record<string, string>> {
  const env: Record<string, string> = { PATH: [shims, SYSTEM_PATH].join(delimiter), LAB_CUTS: cuts };
  for (const [name, seconds] of Object.entries(delays)) env[`LAB_BEFORE_${name}`] = String(seconds);
  return env;
}

/** In the order in which they were taken. */
export function readCuts(file: string): readonly Cut[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines
    .map((line): Cut => {
      const [by, began, ended] = line.split(' ');
      return { by: by === 'btrfs' ? 'btrfs' : 'cp', beganUs: Number(began), endedUs: Number(ended) };
    })
    .sort((a, b) => a.endedUs - b.endedUs);
}
