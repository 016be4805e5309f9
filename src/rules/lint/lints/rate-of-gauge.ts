// FD314: rate() and its like take every fall for a restart; of a gauge they add up what went down.

import { type Lint, placeOfExpr } from '../finding.ts';
import { metricType, rangeCalls } from '../metric-type.ts';

const functions = new Set(['rate', 'irate', 'increase']);

export const rateOfGauge: Lint = {
  code: 'FD314',
  check(rule, _group, context) {
    return rangeCalls(rule.expr, functions).flatMap(({ call, selector }) => {
      const known = metricType(selector.name, context);
      if (known?.type !== 'gauge') return [];
      const by = known.source === 'metadata' ? 'its metadata says' : 'its name says';
      const message = `${call.name}() of ${selector.name}, which is a gauge (${by}): each fall counts as a restart from 0`;
      return [{ severity: 'warning', message, at: placeOfExpr(rule, call), expected: 'delta() or deriv()' }];
    });
  },
};
