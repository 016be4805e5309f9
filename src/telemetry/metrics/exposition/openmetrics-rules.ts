// What OpenMetrics demands of a text beyond its lines: families that do not interleave or clash, metadata before
// samples, complete and cumulative histograms, values and labels that fit the type. Used by the strict mode.

import type { LabelPairs, MetricType } from './exposition.ts';
import { metricTypeOf } from './families.ts';
import { HistogramPoint } from './histogram-point.ts';
import { parseNumber } from './number.ts';
import type { Fail } from './series-text.ts';

/** The names that the samples of a family may have: its own with one of these behind it. */
const suffixes: Readonly<Record<MetricType, readonly string[]>> = {
  counter: ['_total', '_created'],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum', '_created'],
  gaugehistogram: ['_bucket', '_gcount', '_gsum'],
  summary: ['', '_count', '_sum', '_created'],
  info: ['_info'],
  stateset: [''],
  unknown: [''],
};

const exemplarSuffixes: Readonly<Partial<Record<MetricType, string>>> = {
  counter: '_total',
  histogram: '_bucket',
  gaugehistogram: '_bucket',
};

const exemplarCharactersMax = 128;

export interface CheckedSample {
  readonly pairs: LabelPairs;
  readonly value: number;
  readonly seconds: number | undefined;
  readonly exemplar: { readonly labels: LabelPairs } | undefined;
}

interface Family {
  readonly name: string;
  type: MetricType;
  readonly metadata: Set<string>;
  hasUnit: boolean;
  hasSamples: boolean;
  /** Label sets (without those that tell apart the samples of one point) that were met; each stands in one block. */
  readonly groups: Set<string>;
  group: string | undefined;
  seconds: number | undefined;
  histogram: HistogramPoint | undefined;
}

export class OpenMetricsRules {
  readonly #fail: Fail;
  /** Which family a name belongs to: names of families and of all the samples that they may have. */
  readonly #owners = new Map<string, string>();
  #family: Family | undefined;

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  metadata(kind: 'HELP' | 'TYPE' | 'UNIT', name: string, text: string): void {
    const family = this.#family?.name === name ? this.#family : this.#open(name);
    if (family.hasSamples) this.#fail(`${kind} of ${name} follows its samples`);
    if (family.metadata.has(kind)) this.#fail(`${name} has two lines of ${kind}`);
    family.metadata.add(kind);
    if (kind === 'UNIT') family.hasUnit = text !== '';
    const type = kind === 'TYPE' ? metricTypeOf(text) : undefined;
    if (type) {
      family.type = type;
      for (const suffix of suffixes[type]) this.#own(name + suffix, family);
    }
    if (family.hasUnit && (family.type === 'info' || family.type === 'stateset'))
      this.#fail(`${name} is of type ${family.type} and has a unit`);
  }

  sample(sample: CheckedSample): void {
    const name = sample.pairs[0]![1];
    const current = this.#family;
    const suffix = current && name.startsWith(current.name) ? name.slice(current.name.length) : undefined;
    const belongs = current && suffix !== undefined && suffixes[current.type].includes(suffix);
    const family = belongs ? current : this.#open(name);
    family.hasSamples = true;
    this.#checkOrder(family, sample);
    this.#checkSample(family, belongs ? suffix : '', sample);
    if (sample.exemplar) this.#checkExemplar(family, belongs ? suffix : '', sample.exemplar.labels);
  }

  end(): void {
    if (this.#family) this.#endPoint(this.#family);
  }

  #open(name: string): Family {
    this.end();
    const family: Family = {
      name,
      type: 'unknown',
      metadata: new Set(),
      hasUnit: false,
      hasSamples: false,
      groups: new Set(),
      group: undefined,
      seconds: undefined,
      histogram: undefined,
    };
    if (this.#owners.has(name)) this.#fail(`${name} belongs to ${this.#owners.get(name)}, which has ended`);
    this.#own(name, family);
    this.#family = family;
    return family;
  }

  #own(name: string, family: Family): void {
    const owner = this.#owners.get(name) ?? family.name;
    if (owner !== family.name) this.#fail(`${name} belongs to ${owner} and to ${family.name}`);
    this.#owners.set(name, family.name);
  }

  /** The samples of one label set stand together, with timestamps on all or none of them, never falling. */
  #checkOrder(family: Family, { pairs, seconds }: CheckedSample): void {
    const group = groupOf(family, pairs);
    if (group !== family.group) {
      this.#endPoint(family);
      if (family.groups.has(group))
        this.#fail(`the samples of one label set of ${family.name} do not stand together`);
      family.groups.add(group);
      family.group = group;
    } else if (seconds !== family.seconds) {
      if (seconds === undefined || family.seconds === undefined)
        this.#fail(`only some samples of ${family.name} have timestamps`);
      if (seconds < family.seconds) this.#fail(`a timestamp of ${family.name} is before the one above`);
      this.#endPoint(family);
    }
    family.seconds = seconds;
  }

  #endPoint(family: Family): void {
    const mistake = family.histogram?.mistake();
    if (mistake) this.#fail(`${family.name}: ${mistake}`);
    family.histogram = undefined;
  }

  #checkSample(family: Family, suffix: string, { pairs, value }: CheckedSample): void {
    const mistake = sampleMistake(family, suffix, pairs, value);
    if (mistake) this.#fail(`${family.name}${suffix}: ${mistake}`);
  }

  #checkExemplar(family: Family, suffix: string, labels: LabelPairs): void {
    if (exemplarSuffixes[family.type] !== suffix) this.#fail(`${family.name}${suffix} cannot have exemplars`);
    const characters = labels.reduce((sum, [name, value]) => sum + [...name].length + [...value].length, 0);
    if (characters > exemplarCharactersMax)
      this.#fail(`the labels of an exemplar have more than ${exemplarCharactersMax} characters`);
  }
}

function sampleMistake(family: Family, suffix: string, pairs: LabelPairs, value: number): string | undefined {
  const label = (name: string) => pairs.find(([other]) => other === name)?.[1];
  switch (family.type) {
    case 'counter':
      return suffix === '_total' && !(value >= 0) ? 'a counter is not negative and not NaN' : undefined;
    case 'info':
      return value === 1 ? undefined : 'an info is 1';
    case 'stateset':
      if (label(family.name) === undefined) return `the label ${family.name} is missing`;
      return value === 0 || value === 1 ? undefined : 'a state is 0 or 1';
    case 'summary':
      return suffix === '' ? quantileMistake(label('quantile'), value) : countMistake(suffix, value);
    case 'histogram':
    case 'gaugehistogram':
      family.histogram ??= new HistogramPoint(family.type);
      return family.histogram.add(suffix, label('le'), value);
    default:
      return undefined;
  }
}

function quantileMistake(quantile: string | undefined, value: number): string | undefined {
  const share = quantile === undefined ? undefined : parseNumber(quantile, 0, quantile.length);
  if (share === undefined || !(share >= 0 && share <= 1)) return 'the label quantile is between 0 and 1';
  return value < 0 ? 'a quantile is not negative' : undefined;
}

function countMistake(suffix: string, value: number): string | undefined {
  return suffix !== '_created' && !(value >= 0) ? 'it is not negative and not NaN' : undefined;
}

function groupOf(family: Family, pairs: LabelPairs): string {
  const inner = { summary: 'quantile', histogram: 'le', gaugehistogram: 'le', stateset: family.name };
  const left = inner[family.type as keyof typeof inner];
  const outer = pairs.filter(([name, value]) => name !== '__name__' && name !== left && value !== '');
  return JSON.stringify(outer.sort(([a], [b]) => (a < b ? -1 : 1)));
}
