// Where a guard stands now. An entry has the text that the guard had when it was written; names may have changed since:
// variables, functions, words in messages. So the text is compared piece by piece, and a name may be another one, as long
// as it is the same one throughout. The place with the fewest changed names is meant, if there is only one. `after` gets
// the names of today. A file that was moved is looked for by what it holds, and a test file by its name.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fileOf } from './tests.js';

const PIECE = /[\p{L}_$][\p{L}\p{N}_$]*|\d[\w.]*|\S/gu;
/** What no renaming changes. */
const FIXED = new Set(
  (
    'async await break case catch const continue default delete do else export extends false finally for from function if ' +
    'import in instanceof let new null of return switch this throw true try typeof undefined var void while yield ' +
    'and def del elif except not or pass raise self None True False elsif fi then my sub unless'
  ).split(' '),
);
/** Of the names of a guard so many may have changed in its own file, and so many in another. */
const CHANGED_HERE = 1 / 2;
const CHANGED_ELSEWHERE = 1 / 4;

/** @returns `{ file, from, to, after, tests, renamed }`, or `{ stale }`: why it cannot be taken out */
export function locate(root, { file, before, after, tests }) {
  const now = tests.map((name) => testNow(root, name));
  const absent = now.indexOf(undefined);
  if (absent >= 0) return { stale: `there is no ${fileOf(tests[absent])}` };

  const here = existsSync(join(root, file)) ? placesIn(root, file, before, CHANGED_HERE) : [];
  const found = here.length > 0 ? here : elsewhere(root, file, before);
  const [place, another] = found;
  if (place === undefined) return { stale: `what it replaces does not stand in ${file}` };
  if (another !== undefined) return { stale: `what it replaces stands ${found.length} times, in ${place.file}` };
  const replaced = after.replaceAll(PIECE, (piece) => place.names.get(piece) ?? piece);
  if (replaced === place.text) return { stale: 'it changes nothing' };
  const renamed = [...place.names].filter(([was, is]) => was !== is).map(([was, is]) => `${was} → ${is}`);
  return { ...place, after: replaced, tests: now, renamed };
}

/** The places that have the fewest changed names, if those are few enough. */
function placesIn(root, file, before, share) {
  const source = readFileSync(join(root, file), 'utf8');
  const [pieces, wanted] = [piecesOf(source), piecesOf(before)];
  const most = Math.floor(new Set(wanted.flatMap(({ text }) => (isName(text) ? [text] : []))).size * share);
  const all = pieces.flatMap((_, at) => {
    const names = namesAt(pieces, at, wanted);
    if (names === undefined) return [];
    const changed = [...names].filter(([was, is]) => was !== is).length;
    if (changed > most) return [];
    const [from, to] = [pieces[at].from, pieces[at + wanted.length - 1].to];
    return [{ file, from, to, text: source.slice(from, to), names, changed }];
  });
  const fewest = Math.min(...all.map(({ changed }) => changed));
  return all.filter(({ changed }) => changed === fewest);
}

/** What each name of the guard is called there; undefined: something else stands there. */
function namesAt(pieces, at, wanted) {
  const names = new Map();
  for (const [index, { text: was }] of wanted.entries()) {
    const is = pieces[at + index]?.text;
    if (is === undefined) return undefined;
    if (!isName(was) || !isName(is)) {
      if (was !== is) return undefined;
    } else {
      if ((names.get(was) ?? is) !== is) return undefined;
      names.set(was, is);
    }
  }
  return names;
}

function elsewhere(root, file, before) {
  const all = filesBelow(root, 'src').filter((path) => path !== file && extname(path) === extname(file));
  const found = all.flatMap((path) => placesIn(root, path, before, CHANGED_ELSEWHERE));
  const fewest = Math.min(...found.map(({ changed }) => changed));
  return found.filter(({ changed }) => changed === fewest);
}

/** FILE > PART, where that file lies now. */
function testNow(root, name) {
  const file = fileOf(name);
  if (existsSync(join(root, file))) return name;
  const [moved, another] = filesBelow(root, 'test').filter((path) => basename(path) === basename(file));
  return moved === undefined || another !== undefined ? undefined : name.replace(file, moved);
}

function filesBelow(root, folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replace(/^\//, ''));
}

function piecesOf(text) {
  return [...text.matchAll(PIECE)].map((match) => ({
    text: match[0],
    from: match.index,
    to: match.index + match[0].length,
  }));
}

function isName(piece) {
  return /^[\p{L}_$]/u.test(piece) && !FIXED.has(piece);
}
