import type { MatcherMode } from '../alertmanager/matcher/parse.ts';
import { UserError } from '../base/diagnostics.ts';
import { type FeatureName, type Features, featureNames, namedFeature } from '../promql/features.ts';
import { type SloFeature, sloFeatureNames } from '../slo/reader.ts';
import { warn } from './surroundings.ts';

/** The features of `--enable-feature` options, each a list of names. Throws FD903. */
export function enabledFeatures(options: readonly string[] = []): Features {
  const names = options.flatMap((option) => option.split(',')).map((name) => name.trim());
  const enabled = new Set<FeatureName>();
  for (const name of names.filter((each) => each !== '')) {
    const named = namedFeature(name);
    if (named.kind === 'feature') enabled.add(named.feature);
    if (named.kind === 'without effect') warn(`the feature ${name} changes nothing here`);
    if (named.kind === 'unknown')
      throw UserError.of('FD903', `there is no feature ${JSON.stringify(name)}`, {
        expected: named.nearest ?? featureNames.join(', '),
      });
  }
  return enabled;
}

const matcherModes: Readonly<Record<string, MatcherMode>> = {
  'utf8-strict-mode': 'utf8-strict',
  'classic-mode': 'classic',
};

/** How matchers of Alertmanager are read, by its own names of `--enable-feature`. Throws FD903. */
export function matcherMode(options: readonly string[] = []): MatcherMode {
  const names = options.flatMap((option) => option.split(',')).map((name) => name.trim());
  const modes = new Set<MatcherMode>();
  for (const name of names.filter((text) => text !== '')) {
    const mode = matcherModes[name];
    if (!mode)
      throw UserError.of('FD903', `there is no feature ${JSON.stringify(name)}`, {
        expected: Object.keys(matcherModes).join(', '),
      });
    modes.add(mode);
  }
  if (modes.size > 1) throw UserError.of('FD903', 'utf8-strict-mode and classic-mode exclude each other');
  return [...modes][0] ?? 'fallback';
}

/** Where files of all kinds may be named: Prometheus's features, the mode of Alertmanager's matchers, formats of SLOs. */
export function mixedFeatures(options: readonly string[] = []): {
  readonly features: Features;
  readonly mode: MatcherMode;
  readonly slo: ReadonlySet<SloFeature>;
} {
  const names = options.flatMap((option) => option.split(',')).map((name) => name.trim());
  const ofAlertmanager = (name: string): boolean => Object.hasOwn(matcherModes, name);
  const slo = sloFeatureNames.filter((name) => names.includes(name));
  const others = names.filter((name) => !slo.some((known) => known === name));
  return {
    features: enabledFeatures(others.filter((name) => !ofAlertmanager(name))),
    mode: matcherMode(others.filter(ofAlertmanager)),
    slo: new Set(slo),
  };
}
