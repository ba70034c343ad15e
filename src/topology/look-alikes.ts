import { isHarmlessKey, isOwnWord } from './harmless.ts';
import { type Problem, problem, subjectOf } from './problem.ts';
import { type Path, type Spot, stepsOf } from './spot.ts';

/** Letters of other scripts that look like one of ours: what a name that was copied from a document may hold. */
const LOOK_ALIKES: ReadonlyMap<string, string> = new Map(
  [
    ['аеорсухіјѕԁһԛԝАВЕКМНОРСТХІЈЅ', 'aeopcyxijsdhqwABEKMHOPCTXIJS'],
    ['ανορτυικΑΒΕΖΗΙΚΜΝΟΡΤΥΧ', 'avoptuikABEZHIKMNOPTYX'],
  ].flatMap(([from = '', to = '']) => [...from].map((letter, index) => [letter, to[index] ?? ''] as const)),
);

export interface LookAlike {
  /** 'its 2nd letter is U+0435' */
  readonly which: string;
  /** The word as it was meant. */
  readonly plain: string;
}

/** A word that is ours but for letters that only look so; a word that is all of another script is nobody's mistake. */
export function lookAlikeIn(text: string): LookAlike | undefined {
  for (const [word] of text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
    const letters = [...word];
    const at = letters.findIndex((letter) => LOOK_ALIKES.has(letter));
    const isOurs = (letter: string): boolean => /[A-Za-z0-9]/.test(letter);
    if (at < 0 || !letters.some((letter) => /[A-Za-z]/.test(letter))) continue;
    if (!letters.every((letter) => isOurs(letter) || LOOK_ALIKES.has(letter))) continue;
    const first = [...text].findIndex((letter) => LOOK_ALIKES.has(letter));
    const code = letters[at]?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
    const plain = [...text].map((letter) => LOOK_ALIKES.get(letter) ?? letter).join('');
    return { which: `its ${ordinal(first + 1)} character is U+${code}`, plain };
  }
  return undefined;
}

/** Keys of this file, and hosts: nobody finds such a letter by looking. Names are warned of where they are set. */
export function lookAlikeProblems(root: Spot): readonly Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<Spot>();
  look(root, []);
  return problems;

  function look(spot: Spot, path: Path): void {
    if (spot.kind === 'scalar') {
      if (HOSTS.includes(String(path.at(-1))) && typeof spot.value === 'string') host(spot.value, spot.start, path);
      return;
    }
    if (seen.has(spot)) return;
    seen.add(spot);
    if (spot.kind === 'map') for (const [key, { keyStart }] of spot.entries) named(key, keyStart, [...path, key]);
    for (const [step, value] of stepsOf(spot)) look(value, [...path, step]);
  }

  function named(key: string, offset: number, path: Path): void {
    const found = lookAlikeIn(key);
    if (found === undefined || !isHarmlessKey(path)) return;
    const message = `\`${key}\` has a letter of another script: ${found.which}`;
    const about = { code: 'topology.look-alike', subject: subjectOf(path.slice(0, -1)), message, offset };
    if (isOwnWord(found.plain)) problems.push(problem({ ...about, hint: `Type it again: ${found.plain}.` }));
    else problems.push(problem({ ...about, severity: 'warning', hint: 'Type it again, unless it is called so.' }));
  }

  function host(written: string, offset: number, path: Path): void {
    const found = lookAlikeIn(written);
    if (found === undefined) return;
    const message = `\`${String(path.at(-1))}\` has a letter of another script: ${found.which}`;
    const about = { code: 'topology.look-alike', subject: subjectOf(path), message, offset };
    problems.push(problem({ ...about, hint: 'Type it again.' }));
  }
}

const HOSTS: readonly string[] = ['host', 'jump', 'url'];

function ordinal(number: number): string {
  return `${number}${{ 1: 'st', 2: 'nd', 3: 'rd' }[number] ?? 'th'}`;
}
