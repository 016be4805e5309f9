// Runs Prometheus's PromQL test scripts, of which FIREDRILL_CONFORMANCE names the folder, and says how many evaluations
// pass: a line a file, the total last. What fails is listed on standard error, and makes the exit code 1.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Evaluation, runScript } from '../test/promql/promqltest/runner.ts';

interface Tally {
  passed: number;
  failed: number;
  executions: number;
}

function tallyOf(evaluations: readonly Evaluation[]): Tally {
  const failed = evaluations.filter(({ problem }) => problem !== undefined).length;
  const executions = evaluations.reduce((sum, one) => sum + one.executions, 0);
  return { passed: evaluations.length - failed, failed, executions };
}

function line(name: string, { passed, failed, executions }: Tally): string {
  const columns = [passed, failed, executions].map((count) => String(count).padStart(6));
  return `${name.padEnd(28)}${columns[0]} passed${columns[1]} failed${columns[2]} executions`;
}

/** Undefined when the script could not be carried out to its end, which has then been told. */
function runFile(path: string, name: string): readonly Evaluation[] | undefined {
  let evaluations: Evaluation[];
  try {
    evaluations = runScript(readFileSync(path, 'utf8'));
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.stack : error}`);
    return undefined;
  }
  for (const { line: at, expr, problem } of evaluations) {
    if (problem !== undefined) console.error(`${name}:${at}: ${expr}: ${problem}`);
  }
  return evaluations;
}

function runAll(folder: string): boolean {
  const names = readdirSync(folder).filter((name) => name.endsWith('.test'));
  const total: Tally = { passed: 0, failed: 0, executions: 0 };
  let carriedOut = names.length > 0;
  for (const name of names.sort()) {
    const evaluations = runFile(join(folder, name), name);
    carriedOut &&= evaluations !== undefined;
    const tally = tallyOf(evaluations ?? []);
    total.passed += tally.passed;
    total.failed += tally.failed;
    total.executions += tally.executions;
    console.log(line(name, tally));
  }
  console.log(line(`total of ${names.length} files`, total));
  return carriedOut && total.failed === 0;
}

const data = process.env.FIREDRILL_CONFORMANCE;
if (!data) {
  console.error('FIREDRILL_CONFORMANCE must name the folder of conformance data, see docs/conformance.md');
  process.exitCode = 2;
} else if (!runAll(join(data, 'promqltest'))) {
  process.exitCode = 1;
}
