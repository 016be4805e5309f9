// Runs the unit tests of a file: its rule files, then each test on a store of its own.

import { posix } from 'node:path';
import type { Diagnostic } from '../../base/diagnostics.ts';
import type { Features } from '../../promql/features.ts';
import { readRuleFile } from '../file.ts';
import type { RuleGroup } from '../model.ts';
import { evaluatePlanned } from './at-once.ts';
import { checkTest } from './check.ts';
import { type Evaluated, type EvaluationInput, stepsMax, stepsOf } from './evaluation.ts';
import { type Failure, TestError } from './failure.ts';
import { expandGlob, type ListFolder } from './glob.ts';
import { readInputs } from './inputs.ts';
import type { UnitTest, UnitTestFile } from './model.ts';
import { NotationError } from './notation-error.ts';
import { planOf } from './plan.ts';
import { readUnitTests } from './read.ts';
import { evaluateStepwise } from './stepwise.ts';

export interface UnitTestSurroundings {
  /** Throws a UserError when the file cannot be read. */
  read(path: string): string;
  readonly list: ListFolder;
  /** Milliseconds of any clock that does not go back. */
  nowMs(): number;
}

export interface UnitTestOptions {
  /** Of the names of tests; all when absent. */
  readonly runs?: (name: string) => boolean;
  readonly features: Features;
  /** Of rule files; those of the test file are always strict. */
  readonly ignoreUnknownFields: boolean;
  /** Evaluates every rule at every step, also those that no assertion reaches. */
  readonly everything?: boolean;
}

interface TestResult {
  readonly test: UnitTest;
  readonly failures: readonly Failure[];
  readonly durationMs: number;
  /** What was evaluated; undefined when it did not come to that. */
  readonly evaluated: Evaluated | undefined;
}

export interface FileResult {
  readonly file: string;
  /** The file itself cannot be used. */
  readonly diagnostics: readonly Diagnostic[];
  /** Patterns of rule files that match nothing. */
  readonly unmatched: readonly string[];
  readonly tests: readonly TestResult[];
}

export function hasFailed({ diagnostics, tests }: FileResult): boolean {
  return diagnostics.length > 0 || tests.some(({ failures }) => failures.length > 0);
}

/** Throws a UserError when the file cannot be read. */
export function runUnitTests(
  file: string,
  options: UnitTestOptions,
  surroundings: UnitTestSurroundings,
): FileResult {
  const nothing = { file, diagnostics: [], unmatched: [], tests: [] };
  const read = readUnitTests(file, surroundings.read(file));
  if (!read.ok) return { ...nothing, diagnostics: read.diagnostics };
  const rules = readRules(read.value, options, surroundings);
  const tests = read.value.tests
    .filter(({ name }) => options.runs?.(name) ?? true)
    .map((test): TestResult => {
      const startedMs = surroundings.nowMs();
      const { failures, evaluated } = runTest(read.value, test, rules, options);
      return { test, failures, evaluated, durationMs: surroundings.nowMs() - startedMs };
    });
  return { ...nothing, unmatched: rules.unmatched, tests };
}

interface Rules {
  readonly groups: readonly RuleGroup[];
  readonly diagnostics: readonly Diagnostic[];
  readonly unmatched: readonly string[];
}

/** Mistakes of rule files fail the tests, not the file: a file without tests passes. */
function readRules(
  file: UnitTestFile,
  options: UnitTestOptions,
  { read, list }: UnitTestSurroundings,
): Rules {
  const folder = posix.dirname(file.file);
  const unmatched: string[] = [];
  const diagnostics: Diagnostic[] = [];
  const paths = file.ruleFiles.flatMap((pattern) => {
    try {
      const found = expandGlob(pattern.startsWith('/') ? pattern : posix.join(folder, pattern), list);
      if (found.length === 0) unmatched.push(pattern);
      return found;
    } catch (error) {
      if (!(error instanceof NotationError)) throw error;
      diagnostics.push({ code: 'FD105', severity: 'error', message: `rule_files: ${error.message}` });
      return [];
    }
  });
  const { features, ignoreUnknownFields } = options;
  const groups = [...new Set(paths)].flatMap((path) => {
    const parsed = readRuleFile(path, read(path), { features, ignoreUnknownFields });
    if (parsed.ok) return parsed.value.groups;
    diagnostics.push(...parsed.diagnostics);
    return [];
  });
  return { groups: inOrder(groups, file.groupOrder), diagnostics, unmatched };
}

/** Groups that are not named stand with the first, each in the order of the files. */
function inOrder(groups: readonly RuleGroup[], order: readonly string[]): RuleGroup[] {
  const place = (group: RuleGroup) => Math.max(0, order.indexOf(group.name));
  return [...groups].sort((a, b) => place(a) - place(b));
}

interface TestRun {
  readonly failures: readonly Failure[];
  readonly evaluated: Evaluated | undefined;
}

function runTest(file: UnitTestFile, test: UnitTest, rules: Rules, options: UnitTestOptions): TestRun {
  if (rules.diagnostics.length > 0)
    return { failures: [{ kind: 'rule-files', diagnostics: rules.diagnostics }], evaluated: undefined };
  try {
    const input = evaluationInput(file, test, rules.groups, options.features);
    const evaluated = evaluateTest(input, options.everything ?? false);
    return { failures: checkTest(input, evaluated, file.fuzzyCompare), evaluated };
  } catch (error) {
    if (!(error instanceof TestError)) throw error;
    const { message, place } = error;
    return { failures: [{ kind: 'error', message, place }], evaluated: undefined };
  }
}

function evaluationInput(
  { evaluationIntervalMs }: UnitTestFile,
  test: UnitTest,
  groups: readonly RuleGroup[],
  features: Features,
): EvaluationInput {
  const nameless = test.alertTests.find(({ alertname }) => alertname === '');
  if (nameless) throw new TestError('alert_rule_test without alertname', nameless.place);
  const input = { test, inputs: readInputs(test.inputs), groups, evaluationIntervalMs, features };
  if (stepsOf(input) > stepsMax)
    throw new TestError(`the rules would be evaluated more than ${stepsMax} times`, undefined);
  return input;
}

/** Evaluates the rules of a test: what the assertions reach, or everything step by step. */
function evaluateTest(input: EvaluationInput, everything: boolean): Evaluated {
  const plan = everything ? undefined : planOf(input);
  return (plan && evaluatePlanned(input, plan)) ?? evaluateStepwise(input);
}
