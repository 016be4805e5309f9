// Runs unit tests of rules in this process, from files or from texts.

import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { noFeatures } from '../../../src/promql/features.ts';
import { failureText, plainText } from '../../../src/rules/unit-test/failure-text.ts';
import {
  type FileResult,
  runUnitTests,
  type UnitTestOptions,
  type UnitTestSurroundings,
} from '../../../src/rules/unit-test/run.ts';

const defaults: UnitTestOptions = { features: noFeatures, ignoreUnknownFields: false };

const onDisk: UnitTestSurroundings = {
  read: (path) => readFileSync(path, 'utf8'),
  list: (folder) => readdirSync(folder),
  nowMs: () => performance.now(),
};

export function runFile(file: string, options: Partial<UnitTestOptions> = {}): FileResult {
  return runUnitTests(file, { ...defaults, ...options }, onDisk);
}

/** Files by name, in one folder; `tests.yml` is run. */
export function runTexts(
  files: Readonly<Record<string, string>>,
  options: Partial<UnitTestOptions> = {},
): FileResult {
  const surroundings: UnitTestSurroundings = {
    read: (path) => files[path] ?? '',
    list: () => Object.keys(files),
    nowMs: () => 0,
  };
  return runUnitTests('tests.yml', { ...defaults, ...options }, surroundings);
}

/** All that went wrong, as a user reads it. */
export function textOfFailures({ diagnostics, tests }: FileResult): string {
  const messages = diagnostics.map(({ message }) => message);
  const texts = tests.flatMap(({ test, failures }) =>
    failures.map((failure) => failureText(failure, test.name, plainText)),
  );
  return [...messages, ...texts].join('\n');
}
