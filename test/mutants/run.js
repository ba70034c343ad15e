// npm run mutants [-- NAME… | --changed REV [--most N]] [--list] [--explain]: takes guards out of a copy of the tree, one at a time,
// and runs the tests that must notice. `NAME: killed` only where a named test failed; every other end is one of ours.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { copyTree, mutated } from './copy.js';
import { root, table } from './table.js';
import { fileOf, isNamed, runTests } from './tests.js';

/** Copies that are broken at once. Tests that freeze and swap disturb one another: those run one by one. */
const AT_ONCE = 2;
/** All tests of all mutants before any is made, and those of one. The latter is passed by who turns in a circle. */
const UNBROKEN_MS = 1_800_000;
const BROKEN_MS = 300_000;

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const { values: flags, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    changed: { type: 'string' },
    most: { type: 'string' },
    list: { type: 'boolean' },
    explain: { type: 'boolean' },
  },
});
process.exitCode = await main();

async function main() {
  const unknown = names.filter((name) => table.every((mutant) => mutant.name !== name));
  if (unknown.length > 0) {
    process.stderr.write(`no mutant is named ${unknown.join(', ')}; to see them all: npm run mutants -- --list\n`);
    return 2;
  }
  const meant = table.filter(({ name }) => names.length === 0 || names.includes(name)).filter(isMeant());
  const chosen = flags.most === undefined ? meant : drawn(meant, Number(flags.most));
  if (chosen.length < meant.length) process.stdout.write(`${chosen.length} of ${meant.length}, drawn by the commit\n`);
  if (flags.list) return list(chosen);

  const results = [];
  const lab = chosen.filter(isLab);
  const others = chosen.filter((mutant) => !isLab(mutant));
  results.push(...(await judgeAll(others, AT_ONCE)), ...(await judgeAll(lab, 1)));

  const count = (end) => results.filter((one) => one === end).length;
  const rest = ['stale', 'not run'].flatMap((end) => (count(end) === 0 ? [] : [`, ${count(end)} ${end}`])).join('');
  process.stdout.write(`${results.length} mutants, ${count('killed')} killed, ${count('survived')} survived${rest}\n`);
  const notRun = process.env.STILLPOINT_LAB === 'required' ? count('not run') : 0;
  return count('survived') + count('stale') + notRun > 0 ? 1 : 0;
}

/** With --changed: whose guard, tests or own entry differ from that revision, committed or not. */
function isMeant() {
  if (flags.changed === undefined) return () => true;
  const changed = new Set([
    ...git('diff', '--name-only', '--relative', flags.changed, '--'),
    ...git('ls-files', '--others', '--exclude-standard'),
  ]);
  return ({ file, tests, table: own }) => [file, own, ...tests.map(fileOf)].some((path) => changed.has(path));
}

/** So many at the most: other ones for every commit, the same for the same one. */
function drawn(mutants, most) {
  const [commit = ''] = git('rev-parse', 'HEAD');
  const lot = ({ name }) => createHash('sha256').update(`${commit} ${name}`).digest('hex');
  return [...mutants].sort((a, b) => (lot(a) < lot(b) ? -1 : 1)).slice(0, most);
}

/** Lines; where git says no, it has said why. */
function git(...args) {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).split('\n');
  } catch {
    process.exit(2);
  }
}

function isLab({ tests }) {
  return tests.some((name) => name.startsWith('test/lab/'));
}

function list(mutants) {
  let stale = 0;
  for (const mutant of mutants) {
    if (mutant.stale !== undefined) stale += 1;
    process.stdout.write(`${mutant.name}  ${mutant.file}\n`);
    process.stdout.write(`  ${mutant.stale === undefined ? mutant.why : `STALE: ${mutant.stale}`}\n`);
    if (mutant.renamed.length > 0) process.stdout.write(`  since it was written: ${mutant.renamed.join(', ')}\n`);
  }
  process.stdout.write(`${mutants.length} mutants, ${stale} stale\n`);
  return stale === 0 ? 0 : 1;
}

async function judgeAll(mutants, atOnce) {
  if (mutants.length === 0) return [];
  const results = mutants.map(() => 'not run');
  const told = (index, result, detail) => {
    results[index] = result;
    const { name, why, file } = mutants[index];
    process.stdout.write(`${name}: ${result}${result === 'not run' ? ` (${detail})` : ''}\n`);
    if (result === 'not run') return;
    if (result !== 'killed') process.stdout.write(`  ${file}: ${why}\n`);
    if (result !== 'killed' || flags.explain) process.stdout.write(`  ${detail}\n`);
  };

  const waiting = [];
  for (const [index, mutant] of mutants.entries()) {
    if (mutant.stale !== undefined) told(index, 'stale', mutant.stale);
    else if (isLab(mutant) && process.getuid?.() !== 0) told(index, 'not run', 'needs root');
    else waiting.push(index);
  }
  if (waiting.length === 0) return results;

  const copies = Array.from({ length: Math.min(atOnce, waiting.length) }, copyTree);
  const meant = waiting.map((index) => mutants[index]);
  const whole = await unbroken(copies, meant);
  const work = async (folder) => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      const { result, detail } = await judge(folder, mutants[index], whole);
      told(index, result, detail);
    }
  };
  await Promise.all(copies.map(work));
  return results;
}

/** The same tests before anything is broken: where one fails there, its failing later says nothing. */
async function unbroken(copies, mutants) {
  const all = [...new Set(mutants.flatMap(({ tests }) => tests))];
  const wholly = all.filter((name) => name === fileOf(name));
  const partly = all.filter((name) => !wholly.includes(fileOf(name)));
  const outcomes = await Promise.all(
    copies.map(async (folder, share) => {
      const own = (names) => names.filter((_, index) => index % copies.length === share);
      const runs = [own(wholly), own(partly)].filter((names) => names.length > 0);
      const outcome = [];
      for (const names of runs) outcome.push(await runTests(folder, names, { longestMs: UNBROKEN_MS, again: true }));
      return outcome;
    }),
  );
  const broken = outcomes.flat().find((outcome) => outcome.broken !== undefined)?.broken;
  if (broken !== undefined) {
    process.stderr.write(`the tests do not run without any mutant: ${broken}\n`);
    process.exit(1);
  }
  return outcomes.flat().flatMap(({ tests }) => tests);
}

async function judge(folder, mutant, whole) {
  const own = whole.filter((test) => mutant.tests.some((name) => isNamed(name, test)));
  const sick = own.find(({ state }) => state === 'failed');
  if (sick !== undefined) return { result: 'stale', detail: `fails without it: ${sick.file} > ${sick.title}` };
  for (const name of mutant.tests) {
    const named = own.filter((test) => isNamed(name, test));
    if (named.length === 0) return { result: 'stale', detail: `there is no test ${name}` };
    if (named.every(({ state }) => state !== 'passed')) return { result: 'not run', detail: `skipped here: ${name}` };
  }
  const begun = performance.now();
  const { tests, broken } = await mutated(folder, mutant, () =>
    runTests(folder, mutant.tests, { longestMs: BROKEN_MS, bail: true }),
  );
  const seconds = `${((performance.now() - begun) / 1000).toFixed(1)} s`;
  if (broken !== undefined) return { result: 'stale', detail: `no test failed, but ${firstLine(broken)}` };
  const failed = tests.filter(({ state }) => state === 'failed');
  const noticed = failed.find(({ why }) => !isNonsense(why));
  if (noticed !== undefined) {
    return { result: 'killed', detail: `${seconds}, by ${noticed.file} > ${noticed.title}: ${firstLine(noticed.why)}` };
  }
  if (failed.length > 0) return { result: 'stale', detail: `no test says what is wrong: ${firstLine(failed[0].why)}` };
  return { result: 'survived', detail: `${seconds}: ${mutant.tests.join(', ')}` };
}

/** What any broken program does, whatever it was to guard; and what waits in vain (vitest tells it by that name). */
function isNonsense(why) {
  return /^(ReferenceError|SyntaxError)\b|^Error: (Test timed out|Hook timed out|STACK_TRACE_ERROR)/.test(why);
}

function firstLine(text) {
  return text.split('\n')[0];
}
