/** The known word that was probably meant; undefined where none is near enough to be more than a guess. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const wanted = plain(word);
  const most = Math.min(3, Math.max(1, Math.floor(wanted.length / 3)));
  let found: { readonly word: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(wanted, plain(candidate), found?.distance ?? most + 1);
    if (distance <= most && (found === undefined || distance < found.distance)) found = { word: candidate, distance };
  }
  return found?.word;
}

/** All of them, the most alike first; equals as they came. */
export function byNearness(word: string, known: readonly string[]): readonly string[] {
  const wanted = plain(word);
  const measured = known.map((one) => ({ one, distance: editDistance(wanted, plain(one), Number.POSITIVE_INFINITY) }));
  return measured.toSorted((a, b) => a.distance - b.distance).map(({ one }) => one);
}

/** `known_hosts`, `knownhosts` and `KnownHosts` are one word to whoever typed it. */
function plain(word: string): string {
  return word
    .slice(0, 256)
    .toLowerCase()
    .replace(/[\s_-]/g, '');
}

/** Letters put in, left out, replaced, or two swapped with each other; at least `limit` where it is not below. */
function editDistance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) >= limit) return limit;
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      next.push(
        Math.min(
          at(last, column) + 1,
          at(next, column - 1) + 1,
          at(last, column - 1) + (same ? 0 : 1),
          swapped ? at(before, column - 2) + 1 : limit,
        ),
      );
    }
    before = last;
    last = next;
  }
  return Math.min(at(last, to.length), limit);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
