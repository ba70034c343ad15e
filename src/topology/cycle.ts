/** A circle in "a after b": [a, b, …, a]; undefined where there is none. Names that lead nowhere are passed over. */
export function cycleIn(after: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  for (const start of after.keys()) {
    // Without recursion, so that a long chain is no matter.
    const trail = [{ name: start, ahead: namesAhead(start) }];
    const onTrail = new Set([start]);
    for (let here = trail.at(-1); here !== undefined; here = trail.at(-1)) {
      const next = here.ahead.next();
      if (next.done === true || done.has(here.name)) {
        done.add(here.name);
        onTrail.delete(here.name);
        trail.pop();
      } else if (onTrail.has(next.value)) {
        const path = trail.map(({ name }) => name);
        return [...path.slice(path.indexOf(next.value)), next.value];
      } else {
        onTrail.add(next.value);
        trail.push({ name: next.value, ahead: namesAhead(next.value) });
      }
    }
  }
  return undefined;

  function namesAhead(name: string): IterableIterator<string> {
    return (after.get(name) ?? []).values();
  }
}
