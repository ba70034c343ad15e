import { pasted } from '../base/shell-word.ts';

/** The commands that look for a topology or a state folder, where a message says what to type. */
const NAMED = /\bstillpoint (check|plan|snapshot|list|show|status|verify|remove|mend)\b(?! (?:-t|--help)\b)/g;

/** Makes what a message tells to type what would have to be typed here. */
export type Typed = (text: string) => string;

export const AS_IT_IS: Typed = (text) => text;

/** With the flags that were given: without them the same command would look somewhere else. */
export function typedWith(given: { readonly topology?: string; readonly state?: string }): Typed {
  const words = [
    ...(given.topology === undefined ? [] : ['-t', given.topology]),
    ...(given.state === undefined ? [] : ['--state', given.state]),
  ];
  if (words.length === 0) return AS_IT_IS;
  const flags = pasted(words);
  return (text) => text.replace(NAMED, (_, verb: string) => `stillpoint ${verb} ${flags}`);
}
