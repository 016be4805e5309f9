// `telemetry.features`: what of PromQL is behind feature flags and on in this drill. An expression that needs another
// one is told with the flag that it needs.

import { z } from 'zod';
import { complain } from '../../base/scalars.ts';
import type { YamlPath } from '../../base/yaml.ts';
import { type FeatureName, type Features, featureNames, namedFeature } from '../../promql/features.ts';
import { parseExpr } from '../../promql/parser.ts';
import { type SloFeature, sloFeatureNames } from '../../slo/reader.ts';
import type { Parts } from './parts.ts';
import type { Reading } from './reading.ts';

export const featureSchema = z
  .string()
  .superRefine((name, context) => {
    if (isSloFeature(name)) return;
    const named = namedFeature(name);
    if (named.kind === 'unknown')
      complain(context, 'FD903', `there is no feature ${JSON.stringify(name)}`, {
        expected: named.nearest ?? featureNames.join(', '),
      });
  })
  .meta({
    expected: 'a feature flag of Prometheus, or openslo-v2alpha',
    examples: [...featureNames, ...sloFeatureNames],
  });

/** Those that change something here. */
export function resolveFeatures(names: readonly string[] = []): FeatureName[] {
  const features = names
    .map(namedFeature)
    .flatMap((named) => (named.kind === 'feature' ? named.feature : []));
  return [...new Set(features)];
}

/** Formats of SLO files that are on. */
export function sloFeatures(names: readonly string[] = []): ReadonlySet<SloFeature> {
  return new Set(names.filter(isSloFeature));
}

function isSloFeature(name: string): name is SloFeature {
  return sloFeatureNames.some((known) => known === name);
}

/** Warns of flags that change nothing here, and refuses expressions that need a flag that is off. */
export function checkFeatures(reading: Reading, parts: Parts): void {
  const names = parts.telemetry?.features ?? [];
  names.forEach((name, index) => {
    if (namedFeature(name).kind === 'without effect')
      reading.error('FD120', `${name} changes nothing here`, ['spec', 'telemetry', 'features', index], {
        severity: 'warning',
      });
  });
  const features = new Set(resolveFeatures(names));
  const expressions = [
    ...parts.objectives.flatMap(({ path, value: { promql: text } }) =>
      text === undefined ? [] : [{ path: [...path, 'promql'], text }],
    ),
    ...parts.stopConditions.map(({ path, value }) => ({ path: [...path, 'promql'], text: value.promql })),
    ...parts.faults.flatMap(({ path, value }) => {
      const text = value.effect?.promql;
      return text === undefined ? [] : [{ path: [...path, 'effect', 'promql'], text }];
    }),
  ];
  for (const { path, text } of expressions) checkExpression(reading, path, text, features);
}

function checkExpression(reading: Reading, path: YamlPath, text: string, features: Features): void {
  const parsed = parseExpr(text, { features });
  if (parsed.ok) return;
  const { code, message, start, end } = parsed.error;
  const needed = featureNames.find((name) => parseExpr(text, { features: new Set([...features, name]) }).ok);
  reading.diagnostics.push({
    code,
    severity: 'error',
    message,
    at: reading.document.placeInside(path, start, Math.max(1, end - start)),
    ...(needed && { expected: `telemetry.features with ${needed}` }),
  });
}
