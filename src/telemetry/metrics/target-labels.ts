// The labels of a scraped series: its own and the target's, with the conflict between them decided by honor_labels.

import { type LabelRecord, Labels } from '../../base/labels.ts';
import type { LabelPairs } from './exposition/exposition.ts';

/** Job and instance beneath the labels that the target was declared with; names that begin with __ are internal. */
export function targetLabels(jobName: string, address: string, declared: LabelRecord): LabelRecord {
  const visible = Object.entries(declared).filter(([name]) => !name.startsWith('__'));
  return { job: jobName, instance: address, ...Object.fromEntries(visible) };
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
