import type { Form } from '../../../src/quiesce/holder/programs.ts';
import { needs, pathOfShell, SHELLS, type ShellName } from '../../needs.ts';
import type { LabGuest } from './guest.ts';

interface Holder {
  /** 'the sh holder in bash' */
  readonly name: string;
  /** For names of guests. */
  readonly short: string;
  readonly form: Form;
  /** What `sh` has to be in the guest, for the sh form. */
  readonly sh: ShellName | undefined;
}

const HOLDERS: readonly Holder[] = [
  { name: 'the python3 holder', short: 'python3', form: 'python3', sh: undefined },
  { name: 'the perl holder', short: 'perl', form: 'perl', sh: undefined },
  ...SHELLS.map((sh) => ({ name: `the sh holder in ${sh}`, short: sh, form: 'sh' as const, sh })),
];

/** Every form of the holder, and the sh form in every shell that is `sh` somewhere. */
export function eachHolder(
  named: (name: string) => string,
  body: (form: Form, prepare: (guest: LabGuest) => void, short: string) => void,
): void {
  for (const { name, short, form, sh } of HOLDERS) {
    needs(...(sh === undefined ? [] : [sh]))(named(name), () =>
      body(
        form,
        (guest) => {
          if (sh !== undefined) becomeSh(guest, sh);
        },
        short,
      ),
    );
  }
}

/** Lays another shell over the program that `sh` leads to. */
function becomeSh(guest: LabGuest, sh: ShellName): void {
  const script = `at=$(readlink -f /bin/sh)
    ! mountpoint -q "$at" || umount -l "$at"
    [ "$at" = "$(readlink -f "$1")" ] || mount --bind "$1" "$at"`;
  guest.run('sh', '-c', script, 'sh', pathOfShell(sh));
}
