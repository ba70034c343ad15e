// npm run proof [-- NAME…] [-- --age]: the long proofs, each whole, as root and with what .ci/run installs. Their last
// figures, with commit and date, go into docs/reliability.md. --age runs nothing: it says which figures are older than
// the code that they prove.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const PAGE = 'docs/reliability.md';
const [BEGIN, END] = ['<!-- npm run proof: begin -->', '<!-- npm run proof: end -->'];

const vitest = (...files) => ['npx', '--no-install', 'vitest', 'run', ...files];
/** `figures`: the lines of the output that stand in the table. `of`: what they prove. */
const PROOFS = [
  {
    name: 'sim',
    run: ['npm', 'run', '--silent', 'sim', '--', '--seeds', '200000'],
    figures: /^seeds \d|seeds, faults:/,
    of: ['src', 'test/sim'],
  },
  { name: 'mutants', run: ['npm', 'run', '--silent', 'mutants'], figures: /^\d+ mutants,/, of: ['src', 'test'] },
  {
    name: 'killsweep',
    run: ['npm', 'run', '--silent', 'killsweep'],
    figures: /^\d+ points,|: \d+ points,|^\[\d+\/\d+\] guests wrote/,
    of: ['src', 'test/lab/killsweep'],
  },
  {
    name: 'ledger',
    run: vitest('test/lab/ledger.test.ts'),
    figures: /a round takes/,
    of: ['src', 'test/lab/ledger.test.ts'],
  },
  {
    name: 'torn-pairs',
    run: vitest('test/lab/end-to-end/torn-pairs.test.ts'),
    figures: /\d+ of \d+ torn;/,
    of: ['src', 'test/lab/end-to-end'],
  },
  {
    name: 'crowd',
    run: vitest('test/lab/faults/crowd.test.ts'),
    figures: /^\d+ guests/,
    of: ['src', 'test/lab/faults'],
  },
  { name: 'fuzz', run: vitest('test/fuzz'), figures: /^\d+ passed,/, of: ['src', 'test/fuzz'] },
];

const words = process.argv.slice(2);
process.exitCode =
  words[0] === '--age' ? age() : words[0] === '--commit' ? say(commitOf(words[1])) : await prove(words);

async function prove(names) {
  const strange = names.find((name) => PROOFS.every((proof) => proof.name !== name));
  if (strange !== undefined) {
    process.stderr.write(`no proof is named ${strange}; there are: ${PROOFS.map(({ name }) => name).join(', ')}\n`);
    return 2;
  }
  let failed = 0;
  for (const proof of PROOFS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    process.stdout.write(`\n== ${proof.name}\n`);
    const commit = git('rev-parse', '--short=10', 'HEAD');
    const begun = Date.now();
    const { exit, output } = await outputOf(proof.run);
    if (exit !== 0) failed += 1;
    const figures = output.split('\n').filter((line) => proof.figures.test(line));
    const minutes = `${Math.max(1, Math.round((Date.now() - begun) / 60_000))} min`;
    const date = new Date(begun).toISOString().slice(0, 10);
    keep({
      name: proof.name,
      commit,
      date,
      minutes,
      figures: exit === 0 ? figures : [`FAILED (exit ${exit})`, ...figures],
    });
  }
  return failed === 0 ? 0 : 1;
}

/** What it prints is shown as it comes, and answered. */
function outputOf([program, ...argv]) {
  return new Promise((resolve, reject) => {
    const path = `${root}/.ci/.programs:${process.env.PATH}`;
    const env = { ...process.env, PATH: path, STILLPOINT_PROOF: 'full', STILLPOINT_LAB: 'required', NO_COLOR: '1' };
    const child = spawn(program, argv, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      process.stdout.write(text);
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ exit: code ?? 1, output }));
  });
}

function rows() {
  return between().filter((line) => /^\| `/.test(line));
}

function between() {
  const text = readFileSync(`${root}/${PAGE}`, 'utf8');
  return text.slice(text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)).split('\n');
}

function keep({ name, commit, date, minutes, figures }) {
  const cells = [
    `\`${name}\``,
    `\`${commit}\``,
    date,
    minutes,
    figures.map((line) => line.trim().replaceAll('|', '\\|')).join('<br>'),
  ];
  const others = rows().filter((row) => !row.startsWith(`| \`${name}\` `));
  const order = PROOFS.map((proof) => proof.name);
  const all = [...others, `| ${cells.join(' | ')} |`].sort(
    (a, b) => order.indexOf(nameIn(a)) - order.indexOf(nameIn(b)),
  );
  const table = ['', '| proof | commit | date | took | figures |', '|---|---|---|---|---|', ...all, ''].join('\n');
  const text = readFileSync(`${root}/${PAGE}`, 'utf8');
  writeFileSync(
    `${root}/${PAGE}`,
    text.slice(0, text.indexOf(BEGIN) + BEGIN.length) + table + text.slice(text.indexOf(END)),
  );
}

function nameIn(row) {
  return /^\| `([^`]+)`/.exec(row)?.[1] ?? '';
}

function commitOf(name) {
  const row = rows().find((one) => nameIn(one) === name);
  return /^\| `[^`]+` \| `([0-9a-f]+)`/.exec(row ?? '')?.[1];
}

function say(commit) {
  process.stdout.write(`${commit ?? git('rev-list', '--max-parents=0', 'HEAD')}\n`);
  return 0;
}

/** Never a failure: a proof takes an hour, and a change must not wait for it. But it is said. */
function age() {
  for (const { name, of } of PROOFS) {
    const commit = commitOf(name);
    process.stdout.write(`${name.padEnd(10)}  ${commit === undefined ? 'never run whole' : ageOf(commit, of)}\n`);
  }
  return 0;
}

function ageOf(commit, paths) {
  try {
    const changed = git('diff', '--name-only', commit, 'HEAD', '--', ...paths)
      .split('\n')
      .filter(Boolean);
    return changed.length === 0
      ? `of ${commit}: nothing that it proves has changed since`
      : `OLDER than what it proves: ${changed.length} files have changed since ${commit}; npm run proof -- renews it`;
  } catch {
    return `of ${commit}, which is not in this clone`;
  }
}

function git(...args) {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}
