// An Alertmanager configuration as the rest of the house sees it: references checked, matchers and times parsed,
// durations in milliseconds. Routes inherit in dispatch/route.ts.

import type { Diagnostic } from '../../base/diagnostics.ts';
import type { LabelRecord } from '../../base/labels.ts';
import type { HttpClientSpec } from '../../telemetry/http-client-spec.ts';
import type { AlertMatcher } from '../matcher/matcher.ts';
import type { TimeInterval } from '../timeinterval/interval.ts';

export interface AlertmanagerConfig {
  readonly file: string;
  /** How long an alert without an end is believed after it was last heard of. */
  readonly resolveTimeoutMs: number;
  readonly route: RouteConfig;
  readonly receivers: readonly ReceiverConfig[];
  readonly inhibitRules: readonly InhibitRule[];
  readonly timeIntervals: ReadonlyMap<string, readonly TimeInterval[]>;
  /** Patterns of template files, as written. */
  readonly templates: readonly string[];
  readonly warnings: readonly Diagnostic[];
  /** Values that must never be written anywhere. */
  readonly secrets: readonly string[];
}

/** What one route sets; undefined is inherited. */
export interface RouteConfig {
  readonly receiver: string | undefined;
  readonly matchers: readonly AlertMatcher[];
  readonly continue: boolean;
  /** '...' groups by all labels. */
  readonly groupBy: readonly string[] | '...' | undefined;
  readonly groupWaitMs: number | undefined;
  readonly groupIntervalMs: number | undefined;
  readonly repeatIntervalMs: number | undefined;
  readonly muteTimeIntervals: readonly string[];
  readonly activeTimeIntervals: readonly string[];
  /** Labels of the route itself, which newer versions hand to templates. */
  readonly labels: LabelRecord;
  readonly routes: readonly RouteConfig[];
}

export interface ReceiverConfig {
  readonly name: string;
  readonly integrations: readonly IntegrationConfig[];
}

/** One entry of a receiver's `*_configs`. */
export interface IntegrationConfig {
  /** `webhook`, `slack` … */
  readonly type: string;
  /** Its place among the receiver's integrations of that type. */
  readonly index: number;
  readonly sendResolved: boolean;
  /**
   * As written, secrets included, with what stands in for them in `global`: scalars as their text, except in settings of
   * any type.
   */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Its own `http_config`, or the global one. */
  readonly http: HttpClientSpec;
}

export interface InhibitRule {
  readonly name: string;
  readonly sourceMatchers: readonly AlertMatcher[];
  readonly targetMatchers: readonly AlertMatcher[];
  readonly equal: readonly string[];
}
