// Pyrra's recordings with the same names for every objective, for dashboards. They have no labels of the grouping.

import { createMatcher } from '../../base/matcher.ts';
import { formatPlain } from '../../promql/format.ts';
import { type BareSelector, selectorText } from '../bare-selector.ts';
import { gaugeName, increaseName } from './pyrra-increase.ts';
import { latencyText, type PyrraObjective } from './pyrra-objective.ts';
import { type GeneratedRecording, sortedLabels } from './rule-groups.ts';

const rateMs = 300_000;

/** Undefined when the objective is grouped: one number for all would be of no group. */
export function genericRules(objective: PyrraObjective): GeneratedRecording[] | undefined {
  const { settings, grouping } = objective;
  if (grouping.length > 0 && settings.indicator !== 'latencyNative') return undefined;
  const labels = sortedLabels({
    ...objective.labels,
    ...(settings.ruleOutput.enableDescriptionAsLabel && { description: objective.description }),
  });
  const expressions: readonly (readonly [record: string, expr: string])[] = [
    ['pyrra_objective', formatPlain(objective.target)],
    ['pyrra_window', String(Math.floor(objective.windowMs / 1000))],
    ...measured(objective),
  ];
  return expressions.map(([record, expr]) => ({ record, expr, labels }));
}

function measured(objective: PyrraObjective): (readonly [record: string, expr: string])[] {
  const { settings, total, part, windowMs } = objective;
  const recorded = (selector: BareSelector, name: string, more: Readonly<Record<string, string>> = {}) => {
    const added = Object.entries({ slo: objective.name, ...more });
    const matchers = [
      ...selector.matchers,
      ...added.map(([label, value]) => createMatcher(label, '=', value)),
    ];
    return selectorText({ name, matchers });
  };
  const increase = (selector: BareSelector, more?: Readonly<Record<string, string>>) =>
    recorded(selector, increaseName(selector.name, windowMs), more);
  const rate = (selector: BareSelector) => `sum(rate(${selectorText(selector, rateMs)}))`;
  switch (settings.indicator) {
    case 'ratio':
      return [
        ['pyrra_availability', `1 - sum(${increase(part!)} or vector(0)) / sum(${increase(total)})`],
        ['pyrra_requests:rate5m', rate(total)],
        ['pyrra_errors:rate5m', `${rate(part!)} or vector(0)`],
      ];
    case 'latency':
      return [
        ['pyrra_availability', `sum(${increase(part!)} or vector(0)) / sum(${increase(total, { le: '' })})`],
        ['pyrra_requests:rate5m', rate(total)],
        ['pyrra_errors:rate5m', `${rate(total)} - ${rate(part!)}`],
      ];
    case 'latencyNative': {
      const fast = increase(total, { le: latencyText(settings) });
      return [['pyrra_availability', `sum(${fast} or vector(0)) / sum(${increase(total, { le: '' })})`]];
    }
    case 'bool_gauge': {
      const count = `sum(${recorded(total, gaugeName(total.name, 'count', windowMs))})`;
      const sum = `sum(${recorded(total, gaugeName(total.name, 'sum', windowMs))})`;
      return [
        ['pyrra_availability', `${sum} / ${count}`],
        ['pyrra_requests:rate5m', count],
        ['pyrra_errors:rate5m', `${count} - ${sum}`],
      ];
    }
  }
}
