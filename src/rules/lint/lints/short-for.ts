// FD312: a `for` that is shorter than the scrape interval waits for no further sample: one decides.

import { formatDuration } from '../../../base/duration.ts';
import { type Lint, scrapeIntervalOf } from '../finding.ts';

export const shortFor: Lint = {
  code: 'FD312',
  check(rule, group, context) {
    const scrapeIntervalMs = scrapeIntervalOf(group, context);
    if (rule.kind !== 'alerting' || rule.forMs === 0 || rule.forMs >= scrapeIntervalMs) return [];
    const message = `for: ${formatDuration(rule.forMs)} is shorter than the scrape interval of ${formatDuration(scrapeIntervalMs)}: one sample decides`;
    return [
      {
        severity: 'warning',
        message,
        at: rule.placeOfField(['for']),
        expected: `${formatDuration(scrapeIntervalMs)} or more, or no for`,
      },
    ];
  },
};
