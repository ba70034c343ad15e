// Tests of a copy, and what came of each. A mutant names them as FILE, or as FILE > PART OF THE TEST'S NAME.
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

/** For one test: on a machine that is busy with many mutants none fails for being slow. */
const TEST_MS = 180_000;

const running = new Set();
process.once('exit', () => {
  for (const pid of running) endGroup(pid);
});

/** @param name 'test/unit/verdict.test.ts > a release that came back' */
export function fileOf(name) {
  return name.split(' > ')[0];
}

function partOf(name) {
  return name.split(' > ').slice(1).join(' > ');
}

/** Whether the named test is this one, or one of these. */
export function isNamed(name, { file, title }) {
  return fileOf(name) === file && title.includes(partOf(name));
}

/**
 * @param names what to run
 * @param longestMs what takes longer is ended
 * @param bail end with the first that fails
 * @param again try what fails once more: a machine that is busy makes some fail that nothing has broken
 * @returns `tests`: each with file, title, state and, where it failed, why; `broken`: what went wrong outside of a test
 */
export async function runTests(folder, names, { longestMs, bail = false, again = false }) {
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const parts = names.map(partOf);
  const only = parts.includes('') ? [] : ['-t', parts.map(escaped).join('|')];
  const files = [...new Set(names.map(fileOf))];
  const options = [
    ...only,
    ...(bail ? ['--bail', '1'] : []),
    ...(again ? ['--retry', '1'] : []),
    `--outputFile=${report}`,
  ];
  const ended = await vitest(folder, [...files, ...options], longestMs);
  if (ended.why !== undefined) return { tests: [], broken: ended.why };
  return read(report, folder, ended.said);
}

function vitest(folder, args, longestMs) {
  const program = join(folder, 'node_modules/vitest/vitest.mjs');
  const options = ['run', '--reporter=json', '--maxWorkers=1', `--testTimeout=${TEST_MS}`];
  const child = spawn(process.execPath, [program, ...options, ...args], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  running.add(child.pid);
  const said = [];
  child.stdout.on('data', (piece) => said.push(piece));
  child.stderr.on('data', (piece) => said.push(piece));
  return new Promise((resolve) => {
    let why;
    const timer = setTimeout(() => {
      why = `its tests did not end within ${longestMs / 1000} s`;
      endGroup(child.pid);
    }, longestMs);
    child.once('close', () => {
      clearTimeout(timer);
      running.delete(child.pid);
      resolve({ why, said: Buffer.concat(said).toString() });
    });
  });
}

function read(path, folder, said) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { tests: [], broken: `the tests told nothing: ${said.trim().split('\n').slice(-3).join(' ')}` };
  }
  const tests = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ title, fullName, status, failureMessages }) => ({
      file: relative(folder, name),
      title: fullName ?? title,
      state: status,
      why: failureMessages?.[0] ?? '',
    })),
  );
  const failed = tests.some(({ state }) => state === 'failed');
  const outside = report.testResults.find(({ status, message }) => status === 'failed' && message !== '');
  const broken = report.success || failed ? undefined : (outside?.message ?? 'something failed outside of every test');
  return { tests, broken };
}

function escaped(part) {
  return part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
