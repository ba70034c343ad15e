const LONGEST = 300;

/** What somebody else said, as much of it as a message bears. */
export function quoted(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

/** The last line of it: programs say at the end why they end. */
export function lastLine(text: string): string {
  return quoted(text.trimEnd().split('\n').at(-1) ?? '');
}
