/** A circle in "a after b": [a, b, …, a]; undefined where there is none. Names that lead nowhere are passed over. */
export function cycleIn(after: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  for (const start of after.keys()) {
    const trail: { readonly name: string; readonly ahead: string[] }[] = [];
    const enter = (name: string): void => {
      trail.push({ name, ahead: [...(after.get(name) ?? [])] });
    };
    if (!done.has(start)) enter(start);
    for (let here = trail.at(-1); here !== undefined; here = trail.at(-1)) {
      const next = here.ahead.shift();
      if (next === undefined) {
        done.add(here.name);
        trail.pop();
        continue;
      }
      const seen = trail.findIndex(({ name }) => name === next);
      if (seen >= 0) return [...trail.slice(seen).map(({ name }) => name), next];
      if (!done.has(next)) enter(next);
    }
  }
  return undefined;
}
