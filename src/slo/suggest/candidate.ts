// What a detector finds: something of the service that could be promised, before it is known how well the baseline
// kept it.

import type { Metrics } from './metrics.ts';

/** The four golden signals and what stands for them; the order is that of the output. */
export const signalNames = ['availability', 'errors', 'latency', 'saturation'] as const;

type SignalName = (typeof signalNames)[number];

interface CandidateBase {
  readonly signal: SignalName;
  /** Becomes the name of the objective, behind that of the service: `http-requests`. */
  readonly name: string;
  /** The job of its metrics; empty where they have none. */
  readonly job: string;
  /** One sentence about what is good. Of a limit that is yet to be chosen, `%` stands for it. */
  readonly about: string;
  /** A selector of samples that exist as long as the service is watched. */
  readonly probe: string;
  /** Names of the metrics that it reads. */
  readonly metrics: readonly string[];
}

export type Candidate = CandidateBase &
  (
    | ({ readonly kind: 'ratio'; readonly total: string } & (
        | { readonly bad: string; readonly good?: undefined }
        | { readonly good: string; readonly bad?: undefined }
      ))
    /** Requests of a classic histogram: the limit becomes one of its buckets. */
    | { readonly kind: 'buckets'; readonly metric: string; readonly bounds: readonly string[] }
    | { readonly kind: 'native-histogram'; readonly selector: string }
    /** A share of a capacity that is in use, in [0, 1]. */
    | { readonly kind: 'use'; readonly query: string }
    /** A level without a capacity: the limit is taken from what the baseline had. */
    | { readonly kind: 'level'; readonly query: string; readonly unit: string }
    /** 1 while all is well. */
    | { readonly kind: 'state'; readonly query: string }
  );

export type Detector = (metrics: Metrics) => Candidate[];

/** `http_requests_total`: `http-requests`. */
export function kebab(metric: string): string {
  return metric
    .replace(/_(?:total|count|bucket)$/, '')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase();
}
