// The labels of targets and of what is scraped from them. A target begins with what it was declared or discovered
// with and with labels of ours that begin with __; relabeling may change any of them, also where and how often the
// target is scraped; what still begins with __ is then taken away.
//
// A scraped series has its own labels and the target's, with the conflict between them decided by honor_labels.

import { UserError } from '../../base/diagnostics.ts';
import { formatDuration, parseDuration } from '../../base/duration.ts';
import { type LabelRecord, Labels } from '../../base/labels.ts';
import type { LabelPairs } from './exposition/exposition.ts';
import type { Relabel } from './relabel/relabel.ts';
import type { DeclaredTarget, LabelLimits, ScrapeSpec } from './scrape-spec.ts';

export interface ResolvedTarget {
  readonly url: URL;
  readonly labels: LabelRecord;
  /** Before relabeling. */
  readonly discovered: LabelRecord;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export function discoveredLabels(spec: ScrapeSpec, { address, labels }: DeclaredTarget): LabelRecord {
  const parameters = Object.entries(spec.params).flatMap(([name, values]) =>
    values[0] === undefined ? [] : [[`__param_${name}`, values[0]] as const],
  );
  return {
    job: spec.jobName,
    __scheme__: spec.scheme,
    __metrics_path__: spec.metricsPath,
    __scrape_interval__: formatDuration(spec.intervalMs),
    __scrape_timeout__: formatDuration(spec.timeoutMs),
    ...labels,
    ...Object.fromEntries(parameters),
    __address__: address,
  };
}

/** What is to be scraped; undefined when relabeling drops the target. Throws FD105 when it cannot be scraped. */
export function resolveTarget(
  spec: ScrapeSpec,
  declared: DeclaredTarget,
  relabel: Relabel | undefined,
): ResolvedTarget | undefined {
  const discovered = discoveredLabels(spec, declared);
  const relabeled = relabel ? relabel(discovered) : discovered;
  if (!relabeled) return undefined;
  const address = relabeled.__address__ ?? '';
  const visible = Object.entries(relabeled).filter(([name, value]) => !name.startsWith('__') && value !== '');
  return {
    url: targetUrl(spec, relabeled, address),
    labels: { instance: address, ...Object.fromEntries(visible) },
    discovered,
    intervalMs: durationLabel(relabeled, '__scrape_interval__', spec.intervalMs),
    timeoutMs: durationLabel(relabeled, '__scrape_timeout__', spec.timeoutMs),
  };
}

function targetUrl(spec: ScrapeSpec, labels: LabelRecord, address: string): URL {
  const text = `${labels.__scheme__}://${address}${labels.__metrics_path__}`;
  if (!/^https?:/.test(text) || !URL.canParse(text))
    throw UserError.of('FD105', `${JSON.stringify(address)} is not an address to scrape`, {
      expected: 'host:port',
    });
  const url = new URL(text);
  for (const [name, values] of Object.entries(spec.params)) {
    const first = labels[`__param_${name}`];
    for (const [i, value] of values.entries())
      url.searchParams.append(name, i === 0 ? (first ?? value) : value);
  }
  for (const [label, value] of Object.entries(labels)) {
    const name = label.startsWith('__param_') ? label.slice('__param_'.length) : '';
    if (name !== '' && !Object.hasOwn(spec.params, name)) url.searchParams.append(name, value);
  }
  return url;
}

function durationLabel(labels: LabelRecord, name: string, otherwise: number): number {
  const ms = parseDuration(labels[name] ?? '');
  if (labels[name] === undefined) return otherwise;
  if (ms === undefined || ms <= 0)
    throw UserError.of('FD105', `${name} is ${JSON.stringify(labels[name])}`, {
      expected: 'a duration above zero',
    });
  return ms;
}

export function scrapedLabels(pairs: LabelPairs, target: LabelRecord, honorLabels: boolean): Labels {
  const labels = new Map(pairs);
  for (const [name, value] of Object.entries(target)) {
    const scraped = labels.get(name);
    // With honor_labels an empty value counts too: it says that the series wants no such label.
    if (honorLabels && scraped !== undefined) continue;
    if (scraped) labels.set(exportedName(name, labels, target), scraped);
    labels.set(name, value);
  }
  return Labels.from(labels);
}

function exportedName(name: string, labels: ReadonlyMap<string, string>, target: LabelRecord): string {
  let exported = name;
  do exported = `exported_${exported}`;
  while (labels.get(exported) || target[exported]);
  return exported;
}

/** Why a series is over a limit; undefined when it is not. */
export function labelMistake(labels: Labels, limits: LabelLimits): string | undefined {
  const { pairs } = labels;
  if (limits.count > 0 && pairs.length > limits.count)
    return `label_limit exceeded (metric: ${shownName(labels.name)}, number of labels: ${pairs.length}, limit: ${limits.count})`;
  for (const [label, value] of pairs) {
    const nameBytes = bytesOf(label, limits.nameBytes);
    if (limits.nameBytes > 0 && nameBytes > limits.nameBytes)
      return `label_name_length_limit exceeded (metric: ${shownName(labels.name)}, label name: ${shownName(label)}, length: ${nameBytes}, limit: ${limits.nameBytes})`;
    const valueBytes = bytesOf(value, limits.valueBytes);
    if (limits.valueBytes > 0 && valueBytes > limits.valueBytes)
      return `label_value_length_limit exceeded (metric: ${shownName(labels.name)}, label name: ${shownName(label)}, length: ${valueBytes}, limit: ${limits.valueBytes})`;
  }
  return undefined;
}

/** Bytes of UTF-8; 0 for a text that is too short to be over the limit, as nearly all are. */
function bytesOf(text: string, limit: number): number {
  return limit > 0 && text.length * 3 > limit ? Buffer.byteLength(text) : 0;
}

function shownName(name: string): string {
  return JSON.stringify(name.slice(0, 50));
}
