/**
 * What a table has under a word from outside. Every object inherits words that nobody put there (`constructor`,
 * `__proto__`), and plain indexing would answer those too.
 */
export function own<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
