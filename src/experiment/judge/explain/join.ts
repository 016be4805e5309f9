// Why nothing came out of two sides that both have series: they never had a value at the same time, or their labels
// do not match. Which labels count is PromQL's vector matching: those in `on`, or all but the name and those in
// `ignoring` (https://prometheus.io/docs/prometheus/latest/querying/operators/#vector-matching).

import { humanDuration } from '../../../base/duration.ts';
import { type Labels, metricName } from '../../../base/labels.ts';
import type { Binary } from '../../../promql/ast.ts';
import type { RangeSeries } from '../../../promql/engine.ts';
import { type Explanation, type FalseExpr, plain, quoted, seriesOf, spanOf } from './part.ts';

/** Both sides of `expr` are known to have series, and the whole to have none. */
export function explainMeeting(expr: Binary, about: FalseExpr): Explanation {
  const left = seriesOf(expr.left, about);
  const right = seriesOf(expr.right, about);
  const keys = new Set(right.map(({ labels }) => matched(labels, expr).key));
  const partners = left.filter(({ labels }) => keys.has(matched(labels, expr).key));
  if (partners.length > 0) {
    const own = new Set(partners.map(({ labels }) => matched(labels, expr).key));
    return neverAtOnce(
      expr,
      partners,
      right.filter(({ labels }) => own.has(matched(labels, expr).key)),
      about,
    );
  }
  const difference = differenceOf(left, right, expr);
  const sentence = `the two sides of its "${expr.operator}" never carry the same labels: ${difference}`;
  return plain(sentence, [
    { label: 'left side', value: `${quoted(expr.left, about)} is ${shown(left)}` },
    { label: 'right side', value: `${quoted(expr.right, about)} is ${shown(right)}` },
  ]);
}

function matched(labels: Labels, { matching }: Binary): Labels {
  return matching.on ? labels.keep(matching.labels) : labels.without(metricName, ...matching.labels);
}

function neverAtOnce(
  expr: Binary,
  left: readonly RangeSeries[],
  right: readonly RangeSeries[],
  about: FalseExpr,
): Explanation {
  const sides = [
    { ...spanOf(left), text: quoted(expr.left, about) },
    { ...spanOf(right), text: quoted(expr.right, about) },
  ].sort((a, b) => a.from - b.from);
  const [first, second] = sides as [(typeof sides)[number], (typeof sides)[number]];
  const gap = second.from - first.to;
  const words = gap > 0 ? `: ${second.text} began ${humanDuration(gap)} after ${first.text} had ended` : '';
  return plain(
    `both sides of its "${expr.operator}" were true for the same labels, but never at once${words}`,
    sides.map(({ text, from, to }) => ({
      label: 'true',
      value: `${text}, from here for ${humanDuration(to - from)}`,
      at: from,
    })),
  );
}

/** Series that stand for the rest: the pair with the most labels in common. */
function differenceOf(left: readonly RangeSeries[], right: readonly RangeSeries[], expr: Binary): string {
  const { matching } = expr;
  const [mine, theirs] = closestPair(left, right, expr);
  const names = new Set([...mine.pairs, ...theirs.pairs].map(([name]) => name));
  // A label in `on` that neither side has is equal on both, and so is no reason.
  const reasons = [...names].sort().flatMap((name) => {
    const [ours, others] = [mine.get(name), theirs.get(name)];
    if (ours === others) return [];
    if (others === '') return [`${name}="${ours}" is only on the left`];
    if (ours === '') return [`${name}="${others}" is only on the right`];
    return [`${name} is "${ours}" on the left and "${others}" on the right`];
  });
  const shown = reasons.slice(0, reasonsShownMax).join('; ');
  const more = reasons.length > reasonsShownMax ? `; and ${reasons.length - reasonsShownMax} more` : '';
  const oneSided = reasons.every((reason) => reason.includes(' is only on '));
  const shared = [...names].filter((name) => mine.get(name) === theirs.get(name));
  const hint =
    oneSided && !matching.on && shared.length > 0
      ? `; "on (${shared.sort().join(', ')})" would match them`
      : '';
  return `${shown}${more}${hint}`;
}

const reasonsShownMax = 3;
/** Pairs that are compared; beyond that the first will do. */
const seriesComparedMax = 50;

function closestPair(
  left: readonly RangeSeries[],
  right: readonly RangeSeries[],
  expr: Binary,
): [Labels, Labels] {
  let best: { pair: [Labels, Labels]; shared: number } | undefined;
  for (const one of left.slice(0, seriesComparedMax)) {
    const mine = matched(one.labels, expr);
    for (const other of right.slice(0, seriesComparedMax)) {
      const theirs = matched(other.labels, expr);
      const shared = mine.pairs.filter(([name, value]) => theirs.get(name) === value).length;
      if (!best || shared > best.shared) best = { pair: [mine, theirs], shared };
    }
  }
  return best!.pair;
}

function shown(series: readonly RangeSeries[]): string {
  const more = series.length > 1 ? ` and ${series.length - 1} more` : '';
  return `${series[0]!.labels}${more}`;
}
