// What is known of one objective's error budget at one time.

import type { LabelRecord } from '../../base/labels.ts';
import type { Budgeting } from '../objective.ts';
import type { CurvePoint } from './maths.ts';

export interface Budget {
  /** Of its objective; several budgets have it where the SLI is grouped by labels. */
  readonly id: string;
  readonly displayName: string | null;
  readonly service: string;
  /** The group's labels; empty without grouping. */
  readonly labels: LabelRecord;
  /** As they were written; of a composite the parts' targets, joined by commas. */
  readonly target: string;
  readonly method: Budgeting['method'];
  readonly window: BudgetWindow;
  readonly status: 'left' | 'exhausted' | 'no-data';
  /** Why there is no data. */
  readonly problem: string | null;
  readonly atMs: number;
  /** Of the window so far; the other numbers speak of that data alone. */
  readonly data: DataExtent;
  /** Share of good events, good slices, or the mean over slices; null of a composite that has no share of its own. */
  readonly sli: number | null;
  /** Share of the budget, below 0 when more was spent. `-Infinity` (null in JSON) when a target of 100 % was missed. */
  readonly left: number | null;
  readonly counts: BudgetCounts | null;
  readonly burnRates: readonly BurnRate[];
  readonly exhaustion: Exhaustion | null;
  readonly curve: readonly CurvePoint[];
  /** Of a composite, in its order. */
  readonly parts: readonly BudgetPart[];
}

interface BudgetWindow {
  readonly type: 'rolling' | 'calendar';
  readonly text: string;
  /** Unix milliseconds; the end of a calendar's window is still to come. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface DataExtent {
  /** Of the time from the window's begin until now: how much has data, and how much there is. */
  readonly knownMs: number;
  readonly windowMs: number;
  readonly isPartial: boolean;
}

interface BudgetCounts {
  readonly unit: 'events' | 'slices';
  readonly bad: number;
  readonly total: number;
  /** How many more may be bad before nothing is left. */
  readonly badLeft: number;
}

export interface BurnRate {
  /** `5m`; `window` is the objective's own. */
  readonly over: string;
  readonly windowMs: number;
  /** Null without traffic in it, and where it is shorter than a time slice. */
  readonly rate: number | null;
  /** The data do not reach back that far. */
  readonly isPartial: boolean;
}

export interface Exhaustion {
  /** The window whose burn rate is taken to go on. */
  readonly over: string;
  /** From now; null when the budget lasts. */
  readonly inMs: number | null;
}

export interface BudgetPart {
  readonly displayName: string | null;
  readonly target: string;
  readonly weight: number;
  readonly sli: number;
  /** What of the budget it has spent, with its weight; null where only all parts together spend. */
  readonly spent: number | null;
}
