// FD311: matchers of one selector that no series can satisfy, such as {a="x",a!="x"}.

import { formatMatcher } from '../../../base/matcher.ts';
import { contradiction } from '../contradiction.ts';
import { deadParts } from '../dead-parts.ts';
import { type Lint, type Problem, placeOfExpr } from '../finding.ts';
import { recordedBy } from '../recorded.ts';

export const contradictoryMatchers: Lint = {
  code: 'FD311',
  check(rule, _group, { files }) {
    const parts = deadParts(rule.expr, recordedBy(files));
    const isMute = rule.kind === 'alerting' && parts.dead;
    return parts.selectors.map((selector): Problem => {
      const matchers = (contradiction(selector.matchers) ?? []).map(formatMatcher).join(' and ');
      return {
        severity: isMute ? 'error' : 'warning',
        message: `no series can satisfy ${matchers}${isMute ? ': the alert can never fire' : ''}`,
        at: placeOfExpr(rule, selector),
      };
    });
  },
};
