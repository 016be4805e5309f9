// Unit tests of rules as promtool has them. Times are milliseconds: `evalMs` counts from the start of the test.

import type { Place } from '../../base/diagnostics.ts';
import type { LabelRecord } from '../../base/labels.ts';

export interface UnitTestFile {
  readonly file: string;
  /** Patterns, relative to the folder of the file. */
  readonly ruleFiles: readonly string[];
  readonly evaluationIntervalMs: number;
  /** Names of groups in the order in which they are evaluated; the others stand with the first. */
  readonly groupOrder: readonly string[];
  /** Neighbouring floats count as equal. */
  readonly fuzzyCompare: boolean;
  readonly tests: readonly UnitTest[];
}

export interface UnitTest {
  /** As in the file, or ''. */
  readonly name: string;
  /** The name, or `unnamed#2` by its place in the file. */
  readonly title: string;
  /** Between two values of an input series. */
  readonly intervalMs: number;
  /** Unix milliseconds of the first value. */
  readonly startMs: number;
  readonly inputs: readonly InputSeries[];
  readonly alertTests: readonly AlertTest[];
  readonly exprTests: readonly ExprTest[];
  readonly externalLabels: LabelRecord;
  readonly externalUrl: string;
}

/** In the notation of `series-notation.ts`, read when the test runs. */
export interface InputSeries {
  readonly series: string;
  readonly values: string;
  readonly place: Place;
  placeInValues(offset: number, length: number): Place;
}

export interface AlertTest {
  readonly evalMs: number;
  /** '' when it is missing, which fails the test. */
  readonly alertname: string;
  readonly expected: readonly ExpectedAlert[];
  readonly place: Place;
}

interface ExpectedAlert {
  /** Without `alertname`, unless the file has it. */
  readonly labels: LabelRecord;
  readonly annotations: LabelRecord;
}

export interface ExprTest {
  readonly evalMs: number;
  readonly expr: string;
  readonly expected: readonly ExpectedSample[];
  readonly place: Place;
}

export interface ExpectedSample {
  /** In the notation of series. */
  readonly labels: string;
  readonly value: number;
  /** In the notation of histograms; '' where the value counts. */
  readonly histogram: string;
}
