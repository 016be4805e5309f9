import { UserError } from '../base/diagnostics.ts';
import { type FeatureName, type Features, featureNames } from '../promql/features.ts';

/** Always on here; the names are taken so that a command line for Prometheus works as it is. */
const alwaysOn: ReadonlySet<string> = new Set([
  'native-histograms',
  'exemplar-storage',
  'promql-at-modifier',
  'promql-negative-offset',
  'remote-write-receiver',
  'otlp-write-receiver',
]);

/** The features of `--enable-feature` options, each a list of names. Throws FD903. */
export function enabledFeatures(options: readonly string[] = []): Features {
  const names = options.flatMap((option) => option.split(',')).map((name) => name.trim());
  const enabled = new Set<FeatureName>();
  for (const name of names) {
    const feature = featureNames.find((known) => known === name);
    if (feature) enabled.add(feature);
    else if (name !== '' && !alwaysOn.has(name))
      throw UserError.of('FD903', `there is no feature ${JSON.stringify(name)}`, {
        expected: featureNames.join(', '),
      });
  }
  return enabled;
}
