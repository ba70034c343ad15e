/** Deeper than anything that we write, and than any listing; what comes after it walks the value by recursion. */
export const DEEPEST_JSON = 64;

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN_LIST, CLOSE_LIST, OPEN_MAP, CLOSE_MAP] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Told from the text alone, before anything is made of it. */
export function isNestedDeeper(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length && depth <= DEEPEST_JSON; at += 1) {
    const sign = text.charCodeAt(at);
    if (sign === QUOTE) at = endOfString(text, at);
    else if (sign === OPEN_LIST || sign === OPEN_MAP) depth += 1;
    else if (sign === CLOSE_LIST || sign === CLOSE_MAP) depth -= 1;
  }
  return depth > DEEPEST_JSON;
}

/** Where its quotation mark stands: the next one that no backslash, itself unescaped, stands before. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at - 1;
    while (text.charCodeAt(before) === BACKSLASH) before -= 1;
    if ((at - before) % 2 === 1) return at;
  }
  return text.length;
}
