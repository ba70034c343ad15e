/** What can stand inside an argument, in angle brackets. */
export type Placeholder = 'volume' | 'snapshot' | 'label' | 'id' | 'job';
export type Values = Readonly<Partial<Record<Placeholder, string>>>;

/** A word of a command, or one that is repeated for each volume. */
export type Argument = string | { readonly each: string };

const FORM = /<([a-z]+)>/g;

/**
 * The argv: one command for all of these, where the template has an `each`; else for the first, which is the only one.
 * A value is put into its argument as it is; what an argument means to a shell is quoted later, by the shell's side.
 */
export function fill(template: readonly Argument[], all: readonly Values[]): readonly string[] {
  return template.flatMap((argument) =>
    typeof argument === 'string' ? [put(argument, all[0] ?? {})] : all.map((values) => put(argument.each, values)),
  );
}

export function hasEach(template: readonly Argument[]): boolean {
  return template.some((argument) => typeof argument !== 'string');
}

/** Whether it speaks of one volume, and so has to run once for each. */
export function isPerVolume(template: readonly Argument[]): boolean {
  return !hasEach(template) && mentions(template, /<(?:volume|snapshot)>/);
}

/** Whether any one argument matches. */
export function mentions(template: readonly Argument[], pattern: RegExp): boolean {
  return template.some((argument) => pattern.test(textOf(argument)));
}

/** Placeholders that are none, or that cannot stand in this command. */
export function unknownIn(template: readonly Argument[], allowed: readonly Placeholder[]): readonly string[] {
  const known: readonly string[] = allowed;
  return template.flatMap((argument) =>
    [...textOf(argument).matchAll(FORM)].filter(([, name = '']) => !known.includes(name)).map(([whole]) => whole),
  );
}

/**
 * Whether snapshots of different volumes can have the same name, the label. Where name and volume stand in one argument
 * (`<volume>@<snapshot>`) the name belongs to the volume; where the name stands alone, it belongs to the whole array.
 */
export function isNamedByLabel(settings: {
  readonly name?: '<label>' | '<label>-<volume>' | undefined;
  readonly snapshot: { readonly run: readonly Argument[] };
}): boolean {
  if (settings.name !== undefined) return settings.name === '<label>';
  return mentions(settings.snapshot.run, /<volume>.*<snapshot>|<snapshot>.*<volume>/);
}

function put(argument: string, values: Values): string {
  const given: Readonly<Record<string, string | undefined>> = values;
  return argument.replaceAll(FORM, (whole, name: string) => given[name] ?? whole);
}

function textOf(argument: Argument): string {
  return typeof argument === 'string' ? argument : argument.each;
}
