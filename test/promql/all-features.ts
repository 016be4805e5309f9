// Every feature that Prometheus keeps behind a flag, except the labels for types and units, which change what the others say.

import { type FeatureName, featureNames } from '../../src/promql/features.ts';

export const allFeatures: ReadonlySet<FeatureName> = new Set(
  featureNames.filter((name) => name !== 'type-and-unit-labels'),
);
