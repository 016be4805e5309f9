// FD321: a selector that matches nothing of what the source holds, and the name or value that would.

import { nearest } from '../../../base/diagnostics.ts';
import { metricName } from '../../../base/labels.ts';
import { formatMatcher, type Matcher } from '../../../base/matcher.ts';
import type { VectorSelector } from '../../../promql/ast.ts';
import { selectorsOf } from '../../../promql/walk.ts';
import { type Lint, type Problem, placeOfExpr } from '../finding.ts';
import type { KnownSeries } from '../known-series.ts';
import { recordedBy } from '../recorded.ts';

export const unmatchedSelector: Lint = {
  code: 'FD321',
  async check(rule, _group, { series, files }) {
    if (!series) return [];
    const recorded = recordedBy(files);
    const problems: Problem[] = [];
    for (const { selector, onlyInAbsent } of selectorsOf(rule.expr)) {
      const isOurs = recorded.definitions(selector.name).length > 0 || selector.name.startsWith('ALERTS');
      if (onlyInAbsent || isOurs || (await series.find(selector.matchers)).length > 0) continue;
      const { message, expected } = await explain(selector, series);
      const at = placeOfExpr(rule, selector);
      problems.push({ severity: 'warning', message, at, ...(expected !== undefined && { expected }) });
    }
    return problems;
  },
};

interface Explanation {
  readonly message: string;
  readonly expected?: string | undefined;
}

async function explain({ name, matchers }: VectorSelector, series: KnownSeries): Promise<Explanation> {
  if (name === '') return { message: 'the source has no series that match' };
  const named = matchers.filter((matcher) => matcher.name === metricName);
  const all = await series.find(named);
  if (all.length === 0) {
    const expected = nearest(name, await series.metricNames());
    return { message: `the source has no metric ${name}`, expected };
  }
  const others = matchers.filter((matcher) => matcher.name !== metricName);
  const alone = others.find((matcher) => !all.some((labels) => matcher.matches(labels.get(matcher.name))));
  if (!alone) return { message: `the source has ${name}, but no series that matches all of these at once` };
  const message = `the source has ${name}, but no series with ${formatMatcher(alone)}`;
  const values = [...new Set(all.map((labels) => labels.get(alone.name)))].filter((value) => value !== '');
  return { message, expected: values.length === 0 ? labelHint(alone, all) : valueHint(alone, values) };
}

/** No series has the label at all. */
function labelHint({ name }: Matcher, all: Awaited<ReturnType<KnownSeries['find']>>): string | undefined {
  const names = new Set(all.flatMap(({ pairs }) => pairs.map(([label]) => label)));
  names.delete(metricName);
  return nearest(name, names) ?? (names.size > 0 ? `one of ${[...names].sort().join(', ')}` : undefined);
}

const valuesShown = 5;

function valueHint({ name, value }: Matcher, values: readonly string[]): string {
  const near = nearest(value, values);
  if (near !== undefined) return `${name}=${JSON.stringify(near)}`;
  const shown = values.slice(0, valuesShown).map((one) => JSON.stringify(one));
  const more = values.length > valuesShown ? ` and ${values.length - valuesShown} more` : '';
  return `${name} is ${shown.join(', ')}${more}`;
}
