// Lines `x_created` of OpenMetrics 1.0, which say since when the series beside them have counted: read as start
// timestamps in place of samples, where that is wanted.

import type { ExposedSample, LabelPairs, MetricFamily } from './exposition.ts';
import { type Fail, parseSeries } from './series-text.ts';

const suffix = '_created';
const countingTypes = ['counter', 'histogram', 'summary'];
/** They tell the samples of one metric apart, and do not stand in its created line. */
const partLabels = ['__name__', 'le', 'quantile'];

export class CreatedLines {
  readonly #fail: Fail;
  #familyName: string | undefined;
  /** By the labels that the samples of a metric share, Unix milliseconds. */
  #starts = new Map<string, number>();
  #waiting: { readonly text: string; readonly index: number }[] = [];

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  /** Whether the line is one of these; if not, its sample will stand at `index`. */
  take<S>(
    text: string,
    value: number,
    family: MetricFamily | undefined,
    samples: ExposedSample<S>[],
  ): boolean {
    if (family?.name !== this.#familyName) this.settle(samples);
    this.#familyName = family?.name;
    if (!family || !countingTypes.includes(family.type)) return false;
    if (text.includes(suffix)) {
      const pairs = parseSeries(text, false, this.#fail);
      if (pairs.some(([name, label]) => name === '__name__' && label === `${family.name}${suffix}`)) {
        this.#starts.set(keyOf(pairs), Math.trunc(value * 1000));
        return true;
      }
    }
    this.#waiting.push({ text, index: samples.length });
    return false;
  }

  /** The family is complete: gives its samples their starts. */
  settle<S>(samples: ExposedSample<S>[]): void {
    if (this.#starts.size > 0)
      for (const { text, index } of this.#waiting) {
        const startMs = this.#starts.get(keyOf(parseSeries(text, false, this.#fail)));
        if (startMs !== undefined && startMs > 0) samples[index] = { ...samples[index]!, startMs };
      }
    this.#starts = new Map();
    this.#waiting = [];
  }
}

function keyOf(pairs: LabelPairs): string {
  const shared = pairs.filter(([name]) => !partLabels.includes(name));
  return shared
    .map((pair) => pair.join('\u0000'))
    .sort()
    .join('\u0001');
}
