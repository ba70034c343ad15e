import type { CutLabel } from './model.ts';

/** `sp` and 13 of `[a-z2-7]`, then nothing or what tells the volume: `sp…-db01`, `sp….img`. */
const FORM = /^sp[a-z2-7]{13}(?![A-Za-z0-9_])/;
const LENGTH = 15;

/** The label that a name begins with; none: what has this name is not of our form, and not ours. */
export function labelIn(name: string): CutLabel | undefined {
  const head = name.slice(0, LENGTH);
  return FORM.test(name) && isLabel(head) ? head : undefined;
}

/** Labels are made by the catalog; whoever keeps what carries one only recognises them. */
function isLabel(text: string): text is CutLabel {
  return text.length === LENGTH && FORM.test(text);
}
