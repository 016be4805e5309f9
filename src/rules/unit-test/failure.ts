// Why a unit test failed, as data: texts and JUnit are made of it.

import type { Diagnostic, Place } from '../../base/diagnostics.ts';
import type { LabelRecord, Labels } from '../../base/labels.ts';

/** The test cannot be run: a series that cannot be read, an assertion without what it needs. */
export class TestError extends Error {
  readonly place: Place | undefined;

  constructor(message: string, place: Place | undefined) {
    super(message);
    this.place = place;
  }
}

/** Plain records: a label or annotation that is expected to be empty is not the same as none. */
export interface FiringAlert {
  readonly labels: LabelRecord;
  readonly annotations: LabelRecord;
}

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** In the notation of histograms; '' for a float. */
  readonly histogram: string;
}

/** `evalMs` counts from the start of the test, `atMs` is Unix milliseconds. */
export type Failure =
  | { readonly kind: 'error'; readonly message: string; readonly place?: Place | undefined }
  | { readonly kind: 'rule-files'; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: 'rule'; readonly rule: string; readonly atMs: number; readonly reason: string }
  | {
      readonly kind: 'alerts';
      readonly alertname: string;
      readonly evalMs: number;
      readonly expected: readonly FiringAlert[];
      readonly got: readonly FiringAlert[];
      readonly place: Place;
    }
  | {
      readonly kind: 'query';
      readonly expr: string;
      readonly evalMs: number;
      readonly reason: string;
      readonly place: Place;
    }
  | {
      readonly kind: 'samples';
      readonly expr: string;
      readonly evalMs: number;
      readonly expected: readonly Sample[];
      readonly got: readonly Sample[];
      readonly place: Place;
    };
