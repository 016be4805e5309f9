// Which objectives are about a share of events, and what that share was: read from counters by hand.

import { describe, expect, it } from 'vitest';
import { eventsNeeded, shareOf } from '../../../src/experiment/judge/event-share.ts';
import { countShare } from '../../../src/experiment/judge/share-counts.ts';
import { noFeatures } from '../../../src/promql/features.ts';
import { parseExpr } from '../../../src/promql/parser.ts';
import { topComparison } from '../../../src/promql/walk.ts';
import { MemorySource } from '../../promql/memory-source.ts';
import { parseSeriesLine } from '../../promql/promqltest/series-notation.ts';

function recorded(...lines: string[]): MemorySource {
  const source = new MemorySource();
  for (const { labels, points } of lines.map(parseSeriesLine))
    points.forEach((point, i) => {
      if (point.kind === 'float') source.append(labels, i * 1000, point.value);
    });
  return source;
}

function shareIn(promql: string) {
  const parsed = parseExpr(promql);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return shareOf(topComparison(parsed.expr)!);
}

/** Over the last 20 of 40 seconds. */
function counted(promql: string, source: MemorySource) {
  return countShare(source, shareIn(promql)!, 40_000, 20_000, noFeatures).map(({ goodShare, events }) => [
    Number(goodShare.toFixed(6)),
    Math.round(events),
  ]);
}

const ratio = 'sum(rate(errors_total[5m])) / sum(rate(requests_total[5m]))';
const requests = recorded('errors_total 0+1x40', 'requests_total 0+10x40');

describe('a ratio of counters', () => {
  it.each([
    [`${ratio} < 0.05`, 0.95, 0.9],
    [`0.05 > ${ratio}`, 0.95, 0.9],
    [`1 - ${ratio} >= 0.95`, 0.95, 0.9],
    [`100 * ${ratio} < 5`, 0.95, 0.9],
    [`${ratio} > 0.05`, 0.05, 0.1],
  ])('%s', (promql, target, goodShare) => {
    expect(shareIn(promql)?.target).toBeCloseTo(target, 12);
    expect(counted(promql, requests)).toEqual([[goodShare, 200]]);
  });

  it('is counted for each of its series', () => {
    const source = recorded(
      'errors_total{path="/a"} 0+1x40',
      'errors_total{path="/b"} 0x40',
      'requests_total{path="/a"} 0+10x40',
      'requests_total{path="/b"} 0+5x40',
    );
    const promql = 'sum by (path) (rate(errors_total[5m])) / sum by (path) (rate(requests_total[5m])) < 0.05';
    expect(counted(promql, source)).toEqual([
      [0.9, 200],
      [1, 100],
    ]);
  });

  it.each([
    ['a level', 'process_resident_memory_bytes < 100e6'],
    ['an average', 'rate(took_seconds_sum[5m]) / rate(took_seconds_count[5m]) < 0.3'],
    ['a share of bytes', 'rate(sent_bytes_total[5m]) / rate(all_bytes_total[5m]) > 0.5'],
    ['a ratio of levels', 'used_total / limit_total < 0.9'],
    ['a recorded ratio', 'job:errors:ratio5m < 0.05'],
    ['an earlier ratio', 'rate(errors_total[5m] offset 1h) / rate(requests_total[5m]) < 0.05'],
    ['a limit that no share can cross', `${ratio} < 2`],
    ['a mean of ratios', 'avg(rate(errors_total[5m])) / avg(rate(requests_total[5m])) < 0.05'],
  ])('%s is none', (_, promql) => {
    expect(shareIn(promql)).toBeUndefined();
  });
});

describe('a percentile', () => {
  const observations = recorded(
    'took_bucket{le="0.1"} 0+5x40',
    'took_bucket{le="0.5"} 0+9x40',
    'took_bucket{le="+Inf"} 0+10x40',
  );
  it('is the share of observations up to its threshold', () => {
    const promql = 'histogram_quantile(0.95, sum by (le) (rate(took_bucket[5m]))) < 0.5';
    expect(shareIn(promql)?.target).toBe(0.95);
    expect(counted(promql, observations)).toEqual([[0.9, 200]]);
  });

  it('is linear within a bucket, as the percentile itself', () => {
    expect(counted('histogram_quantile(0.95, rate(took_bucket[5m])) < 0.3', observations)).toEqual([
      [0.7, 200],
    ]);
  });
});

it('needs ten bad events in what the target allows', () => {
  expect([0.5, 0.9, 0.95, 0.99, 0.999, 0.9995].map(eventsNeeded)).toEqual([
    20, 100, 200, 1000, 10_000, 20_000,
  ]);
});
