// The whole style sheet of a report.

import { filterRules } from '../events.ts';
import { budgetStyle } from './budget.ts';
import { evidenceStyle } from './evidence.ts';
import { pageStyle } from './page.ts';
import { printStyle } from './print.ts';
import { timelineStyle } from './timeline.ts';

export const style = [pageStyle, timelineStyle, evidenceStyle, budgetStyle, filterRules, printStyle].join(
  '\n',
);
