// Keptn's sli.yaml: the query of each indicator, and what its variables stand for.

import { z } from 'zod';
import { checkYaml, type Parsed, parseYaml } from '../../../base/yaml.ts';

export interface KeptnIndicators {
  /** Query by name of the indicator; its variables are not replaced yet. */
  readonly queries: ReadonlyMap<string, string>;
}

const sliSchema = z.strictObject({
  spec_version: z.union([z.string(), z.number()]).optional(),
  indicators: z.record(z.string(), z.string().trim().min(1)),
});

export function readKeptnSli(file: string, source: string): Parsed<KeptnIndicators> {
  const document = parseYaml(file, source);
  if (!document.ok) return document;
  const checked = checkYaml(document.value, sliSchema);
  if (!checked.ok) return checked;
  return { ok: true, value: { queries: new Map(Object.entries(checked.value.indicators)) } };
}

/**
 * The query with its variables replaced: $DURATION_SECONDS is the length of the evaluated time as a PromQL duration, $PROJECT,
 * $STAGE, $SERVICE, $DEPLOYMENT and the names of the filter are what `values` says, in any case of letters. Names that have no
 * value are told.
 */
export function fillQuery(
  query: string,
  values: Readonly<Record<string, string>>,
  durationMs: number,
): { readonly query: string; readonly unknown: readonly string[] } {
  const byName = new Map(Object.entries(values).map(([name, value]) => [name.toUpperCase(), value]));
  byName.set('DURATION_SECONDS', `${Math.max(1, Math.round(durationMs / 1000))}s`);
  const unknown: string[] = [];
  const filled = query.replace(/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g, (whole, braced, bare) => {
    const value = byName.get(String(braced ?? bare).toUpperCase());
    if (value === undefined) unknown.push(whole);
    return value ?? whole;
  });
  return { query: filled, unknown };
}
