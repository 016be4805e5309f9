// What Prometheus keeps behind `--enable-feature`, under the same names. Native histograms need no flag.

export const featureNames = [
  'promql-experimental-functions',
  'promql-duration-expr',
  'promql-extended-range-selectors',
  'promql-binop-fill-modifiers',
  'promql-delayed-name-removal',
  'type-and-unit-labels',
  'use-start-timestamps',
] as const;

export type FeatureName = (typeof featureNames)[number];

export type Features = ReadonlySet<FeatureName>;

export const noFeatures: Features = new Set();
