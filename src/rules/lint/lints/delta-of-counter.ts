// FD315: delta() and its like know no restarts; of a counter they fall far below 0 at each of them.

import { type Lint, placeOfExpr } from '../finding.ts';
import { metricType, rangeCalls } from '../metric-type.ts';

const better: Readonly<Record<string, string>> = { delta: 'increase()', idelta: 'irate()', deriv: 'rate()' };
const functions = new Set(Object.keys(better));

export const deltaOfCounter: Lint = {
  code: 'FD315',
  check(rule, _group, context) {
    return rangeCalls(rule.expr, functions).flatMap(({ call, selector }) => {
      const known = metricType(selector.name, context);
      if (known?.type !== 'counter') return [];
      const by = known.source === 'metadata' ? 'its metadata says' : 'its name says';
      const message = `${call.name}() of ${selector.name}, which is a counter (${by}): a restart counts as a fall`;
      const expected = better[call.name]!;
      return [{ severity: 'warning', message, at: placeOfExpr(rule, call), expected }];
    });
  },
};
