// count_values: one series a value that occurs, which becomes a label.

import { queryError } from '../errors.ts';
import { formatPlain } from '../format.ts';
import { formatHistogram } from '../native/format.ts';
import { isValidLabelName, quote } from '../syntax/quote.ts';
import {
  finished,
  newSeries,
  type Series,
  type SeriesBuilder,
  setValue,
  type VectorValue,
} from '../values.ts';
import { groupLabels } from './grouping.ts';

interface Clause {
  readonly grouping: readonly string[];
  readonly without: boolean;
}

export function countValues(
  series: Iterable<Series>,
  clause: Clause,
  label: string,
  steps: number,
): VectorValue {
  if (!isValidLabelName(label)) throw queryError(`invalid label name ${quote(label)}`);
  const grouping = clause.without ? clause.grouping : [...clause.grouping, label];
  const out = new Map<string, SeriesBuilder>();
  for (const { labels, values, presence, histograms } of series) {
    // A series that keeps its value needs its labels built only once.
    const byValue = new Map<number | string, SeriesBuilder>();
    for (let i = 0; i < steps; i++) {
      if (!presence[i]) continue;
      // A map takes the two zeros for one, their texts differ.
      const histogram = histograms?.[i];
      const key = histogram ? formatHistogram(histogram) : Object.is(values[i], -0) ? '-0' : values[i]!;
      let builder = byValue.get(key);
      if (!builder) {
        const withValue = labels.with({ [label]: typeof key === 'string' ? key : formatPlain(key) });
        const resultLabels = groupLabels(withValue, { ...clause, grouping });
        builder = out.get(resultLabels.key) ?? newSeries(resultLabels, false, steps);
        out.set(resultLabels.key, builder);
        byValue.set(key, builder);
      }
      setValue(builder, i, builder.values[i]! + 1);
    }
  }
  return finished(out.values());
}
