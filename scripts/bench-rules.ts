// npm run bench:rules: how long `firedrill test rules` takes beside promtool, on a generated file of 100 rules and 20
// tests over an hour. Whole processes are timed, as a pipeline starts them; both must pass. PROMTOOL_BIN names the
// promtool, FACTOR what is asked for (10), RUNS how often each runs (5).

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { writeRuleTests } from './bench/rule-tests.ts';

const promtool = process.env.PROMTOOL_BIN ?? 'promtool';
const factorMin = Number(process.env.FACTOR ?? 10);
const runs = Number(process.env.RUNS ?? 5);

const folder = mkdtempSync(join(tmpdir(), 'firedrill-bench-rules-'));
try {
  const { testFile, rules, tests } = writeRuleTests(folder);
  console.log(`${rules} rules, ${tests} tests over 60 minutes; medians of ${runs} runs`);
  const version = spawnSync(promtool, ['--version'], { encoding: 'utf8' });
  const theirs = measure(promtool, ['test', 'rules', testFile]);
  const ours = measure(process.execPath, [resolve('dist/firedrill.js'), 'test', 'rules', testFile]);
  const name = /version (\S+)/.exec(`${version.stdout}${version.stderr}`)?.[1] ?? '';
  console.log(`promtool ${name}`.padEnd(24), `${theirs.toFixed(0)} ms`.padStart(9));
  console.log('firedrill'.padEnd(24), `${ours.toFixed(0)} ms`.padStart(9));
  const factor = theirs / ours;
  console.log(`${factor.toFixed(1)} times faster (at least ${factorMin} wanted)`);
  process.exitCode = factor >= factorMin ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Median wall-clock milliseconds of a process from start to end. */
function measure(program: string, args: readonly string[]): number {
  const times = Array.from({ length: runs }, () => {
    const startedMs = performance.now();
    const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
    const elapsedMs = performance.now() - startedMs;
    if (error) throw error;
    if (status !== 0)
      throw new Error(`${program} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
    return elapsedMs;
  });
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)]!;
}
