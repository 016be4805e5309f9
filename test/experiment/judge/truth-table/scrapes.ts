// The series of a row, in promtool's notation, as scrapes.

import { Labels } from '../../../../src/base/labels.ts';
import { parseExpr } from '../../../../src/promql/parser.ts';
import type { SampleBatch } from '../../../../src/telemetry/metrics/store.ts';
import { ms, type RowStory, zero } from './story.ts';

/** The scrapes of a row, in order. */
export function scrapesOf(story: Pick<RowStory, 'series' | 'scrape' | 'killed'>): SampleBatch[] {
  const intervalMs = ms(story.scrape ?? '1s');
  const series = Object.entries(story.series ?? {}).map(([text, notation]) => ({
    labels: seriesLabels(text),
    values: expand(notation),
  }));
  const length = Math.max(0, ...series.map(({ values }) => values.length));
  const last = story.killed === undefined ? length : Math.min(length, ms(story.killed) / intervalMs + 1);
  return Array.from({ length: last }, (_, i) => ({
    source: 'row',
    atMs: zero + i * intervalMs,
    samples: series.flatMap(({ labels, values }) => {
      const value = values[i];
      if (value === undefined || value === 'absent') return [];
      return value === 'stale' ? [{ labels, value: 0, stale: true }] : [{ labels, value }];
    }),
  }));
}

function seriesLabels(text: string): Labels {
  const parsed = parseExpr(text);
  if (!parsed.ok || parsed.expr.kind !== 'vectorSelector') throw new Error(`no series: ${text}`);
  return Labels.from(parsed.expr.matchers.map(({ name, value }) => [name, value] as const));
}

const token =
  /^(_|stale|[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(?:([-+](?:\d+\.?\d*)(?:e[-+]?\d+)?))?(?:x(\d+))?$/;

/** promtool's notation: `a+bxN` and `axN` give N+1 values, `_xN` N absent ones, `stale` ends a series. */
function expand(notation: string): (number | 'absent' | 'stale')[] {
  return notation
    .trim()
    .split(/\s+/)
    .flatMap((part): (number | 'absent' | 'stale')[] => {
      const match = token.exec(part);
      if (!match) throw new Error(`no values: ${part}`);
      const [, first, step, times] = match;
      const count = Number(times ?? 0);
      if (first === '_') return Array.from({ length: Math.max(1, count) }, () => 'absent' as const);
      if (first === 'stale') return ['stale' as const];
      return Array.from({ length: count + 1 }, (_, i) => Number(first) + i * Number(step ?? 0));
    });
}
