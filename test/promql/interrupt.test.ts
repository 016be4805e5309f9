import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/diagnostics.ts';
import { Labels } from '../../src/base/labels.ts';
import { rangeQuery } from '../../src/promql/engine.ts';
import { parseExpr } from '../../src/promql/parser.ts';
import { allFeatures } from './all-features.ts';
import { MemorySource } from './memory-source.ts';

/** Enough that a query over it is asked about several times. */
const source = new MemorySource();
for (let i = 0; i < 100; i++) {
  const labels = Labels.from({ __name__: 'm', i: String(i), le: String(i % 10), half: String(i % 2) });
  for (let k = 0; k < 500; k++) source.append(labels, k * 10_000, (k * 7919 + i) % 101);
}

/** What becomes of a query of which somebody says, when asked for the n-th time, that it took too long. */
function interrupted(text: string, patience: number): { failure: string; asked: number } {
  const parsed = parseExpr(text, { features: allFeatures });
  if (!parsed.ok) throw new Error(parsed.error.message);
  let asked = 0;
  const isExpired = () => ++asked >= patience;
  try {
    rangeQuery(source, parsed.expr, 0, 5_000_000, 500, { isExpired });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { failure: `${error.diagnostics[0]!.code} ${error.message}`, asked };
  }
  return { failure: 'none', asked };
}

describe('a query that takes too long is ended', () => {
  it.each([
    ['by an instant selector', 'm'],
    ['by a range function', 'rate(m[5m])'],
    ['by windows that are looked at one by one', 'quantile_over_time(0.5, m[5m])'],
    ['by a sum', 'sum(m)'],
    ['by topk', 'topk(3, m)'],
    ['by a quantile', 'quantile(0.9, m)'],
    ['by count_values', 'count_values("v", m)'],
    ['by a subquery', 'max_over_time(sum(m)[1h:1s])'],
    ['by arithmetic', 'm * 2 + 1'],
    ['by a function of each value', 'abs(ceil(m))'],
    ['by a join', 'm / on (i) m'],
    ['by a join of many', 'm * on (half) group_left sum by (half) (m)'],
    ['by a set operation', 'm and on (i) m > 50'],
    ['by a histogram', 'histogram_quantile(0.9, m)'],
  ])('%s', (_name, text) => {
    const whole = interrupted(text, Number.POSITIVE_INFINITY);
    expect(whole.failure).toBe('none');
    expect(whole.asked).toBeGreaterThan(1);
    // Asked the last time, it does not go on to the end.
    const failure = 'FD206 query timed out in expression evaluation';
    expect(interrupted(text, 1)).toEqual({ failure, asked: 1 });
    expect(interrupted(text, whole.asked)).toEqual({ failure, asked: whole.asked });
  });

  it('and nobody is asked about a small one', () => {
    expect(interrupted('1 + 1', 1)).toEqual({ failure: 'none', asked: 0 });
  });
});
