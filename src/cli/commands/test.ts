// `firedrill test rules`: promtool's unit tests of rules. Loads little, so that many small files are tested quickly.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { exitCodes } from '../../base/catalogue.ts';
import { systemClock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { formatDuration } from '../../base/duration.ts';
import { createMatcher } from '../../base/matcher.ts';
import { dumpStore } from '../../rules/unit-test/dump.ts';
import { failureText } from '../../rules/unit-test/failure-text.ts';
import { unitTestJunit } from '../../rules/unit-test/junit.ts';
import {
  type FileResult,
  hasFailed,
  runUnitTests,
  type UnitTestSurroundings,
} from '../../rules/unit-test/run.ts';
import { colorsOf } from '../color.ts';
import { showDiagnostics } from '../failure.ts';
import { enabledFeatures } from '../features.ts';

export interface TestRulesOptions {
  readonly run?: readonly string[];
  readonly debug?: boolean;
  readonly diff?: boolean;
  readonly junit?: string;
  readonly enableFeature?: readonly string[];
  readonly ignoreUnknownFields?: boolean;
}

/**
 * Most files are tested in less time than V8 takes to optimise what they run, and its compiler would compete with us for the
 * processor: 0.40 instead of 0.76 seconds of it for 100 rules and 20 tests. What runs eight times as long is optimised still.
 */
const optimiseLater = '--interrupt-budget=1000000';

/** 0 when all tests pass, 1 when anything fails, also a file that cannot be read: promtool's exit codes. */
export function testRules(files: readonly string[], options: TestRulesOptions): number {
  setFlagsFromString(optimiseLater);
  const runs = runPattern(options.run);
  const settings = {
    ...(runs && { runs }),
    features: enabledFeatures(options.enableFeature),
    ignoreUnknownFields: options.ignoreUnknownFields ?? false,
    everything: options.debug ?? false,
  };
  const startedMs = systemClock.now();
  const results = files.map((file) => {
    process.stdout.write(`Unit Testing:  ${file}\n`);
    const result = testFile(file, settings);
    show(result, options);
    return result;
  });
  if (options.junit !== undefined) writeJunit(options.junit, unitTestJunit(results, startedMs));
  return results.some(hasFailed) ? exitCodes.fail : exitCodes.pass;
}

/** Names that any of the expressions is found in. */
function runPattern(patterns: readonly string[] | undefined): ((name: string) => boolean) | undefined {
  if (!patterns) return undefined;
  try {
    return createMatcher('', '=~', `.*(?:${patterns.join('|')}).*`).matches;
  } catch (error) {
    throw UserError.of('FD105', `--run: ${(error as Error).message}`, { expected: 'a regular expression' });
  }
}

function testFile(file: string, settings: Parameters<typeof runUnitTests>[1]): FileResult {
  try {
    return runUnitTests(file, settings, surroundings);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { file, diagnostics: error.diagnostics, unmatched: [], tests: [] };
  }
}

const surroundings: UnitTestSurroundings = {
  read: (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      throw UserError.of('FD101', `${path} cannot be read: ${(error as Error).message}`);
    }
  },
  list: (folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return undefined;
    }
  },
  nowMs: () => performance.now(),
};

function show(result: FileResult, options: TestRulesOptions): void {
  const { red, green, yellow } = colorsOf(process.stderr);
  for (const pattern of result.unmatched)
    process.stderr.write(`  ${yellow('WARNING')}: no file matches ${pattern}\n`);
  if (options.debug) showDebug(result);
  if (!hasFailed(result)) {
    process.stdout.write(`  ${colorsOf(process.stdout).green('SUCCESS')}\n\n`);
    return;
  }
  process.stderr.write(`  ${red('FAILED')}:\n`);
  showDiagnostics(result.diagnostics);
  const paint = (line: string, sign: string) =>
    sign === '-' ? red(line) : sign === '+' ? green(line) : line;
  const told = new Set<string>();
  for (const { test, failures } of result.tests) {
    for (const failure of failures) {
      // Mistakes of rule files are the same for all tests.
      const text = failureText(failure, test.name, { diff: options.diff ?? false, paint });
      if (failure.kind === 'rule-files' && told.has(text)) continue;
      told.add(text);
      process.stderr.write(`${text}\n\n`);
    }
  }
}

function showDebug({ tests }: FileResult): void {
  for (const { test, durationMs, evaluated } of tests) {
    process.stderr.write(`DEBUG: test ${test.title} took ${formatDuration(Math.ceil(durationMs))}\n`);
    if (!evaluated) continue;
    process.stderr.write('DEBUG: all data (input_series and rules):\n');
    process.stderr.write(`${dumpStore(evaluated.store)}\n`);
  }
}

function writeJunit(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw UserError.of('FD807', `${path} cannot be written: ${(error as Error).message}`);
  }
}
