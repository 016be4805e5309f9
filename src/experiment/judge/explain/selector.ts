// A selector that returned nothing while it was needed: it never matched a series, or the series had ended.

import { humanDuration } from '../../../base/duration.ts';
import type { VectorSelector } from '../../../promql/ast.ts';
import { present, type SeriesView } from '../../../telemetry/metrics/series.ts';
import { hasSample, whySelectorEmpty } from '../alive.ts';
import { type Explanation, type FalseExpr, plain, quoted } from './part.ts';

export function explainSelector(selector: VectorSelector, about: FalseExpr): Explanation {
  const { recording, window } = about;
  const text = quoted(selector, about);
  const known = recording.select(selector.matchers, 0, window.toMs).filter(hasSample);
  if (known.length === 0) {
    const why = whySelectorEmpty(selector.matchers, recording, 0, window.toMs);
    return plain(`its selector ${text} returned no series: ${why}`, [
      { label: 'no series', value: `${text}: ${why}` },
    ]);
  }
  const latest = known
    .map((view) => ({ at: lastSampleAt(view), labels: view.labels }))
    .reduce((best, one) => (one.at > best.at ? one : best));
  const length = humanDuration(window.toMs - window.fromMs);
  return plain(`${text} had no samples in the ${length} in which it should have fired`, [
    { label: 'last sample', value: String(latest.labels), at: latest.at },
  ]);
}

/** Of a view that has one. */
function lastSampleAt({ column, states, offset, first, last }: SeriesView): number {
  let index = last - 1;
  while (index > first && states[index - offset] !== present) index--;
  return column.times[index]!;
}
