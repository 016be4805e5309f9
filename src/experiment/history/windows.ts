// What rules and objectives look back on, and how densely: found in their expressions alone, through the recording rules
// that they read. Only what reaches further back than the real data is worth a history.

import type { Expr, VectorSelector } from '../../promql/ast.ts';
import { allFeatures } from '../../promql/features.ts';
import { parseExpr } from '../../promql/parser.ts';
import { printExpr } from '../../promql/printer.ts';
import { childrenOf, lookbackMsDefault } from '../../promql/walk.ts';
import type { PlannedRecording, PlannedWindow } from '../timeline.ts';

/** How a selector looks back: by itself, and with the ranges, offsets and recording rules around it. */
export interface LookBack {
  readonly selector: VectorSelector;
  /** Of the selector itself; 0 for an instant selector. */
  readonly rangeMs: number;
  /** The function that takes its range, or 'instant'. */
  readonly taker: string;
  /** How far before the evaluation its oldest sample may lie; 0 for an instant selector that only looks at now. */
  readonly reachMs: number;
  /** The longest single range on the way to it. */
  readonly longestMs: number;
}

/** Samples that a range keeps at least, where the history may be coarser than the scrapes. */
export const samplesInRange = 20;
const countersTakers: ReadonlySet<string> = new Set(['rate', 'increase', 'irate']);
const counterName = /_(total|count|sum|bucket)$/;
/** Each sample weighs the same to them: a coarser history would weigh less than the run. */
const countingTakers: ReadonlySet<string> = new Set([
  'avg_over_time',
  'sum_over_time',
  'count_over_time',
  'quantile_over_time',
  'stddev_over_time',
  'stdvar_over_time',
  'mad_over_time',
  'changes',
  'resets',
]);

/** Every selector of the expression with how it looks back, recording rules not followed. */
export function lookBacksOf(expr: Expr): LookBack[] {
  const found: LookBack[] = [];
  collect(expr, { outerMs: 0, longestMs: 0, taker: 'instant' }, (look) => found.push(look));
  return found;
}

interface Around {
  readonly outerMs: number;
  readonly longestMs: number;
  readonly taker: string;
}

function collect(expr: Expr, around: Around, found: (look: LookBack) => void): void {
  const { outerMs, longestMs, taker } = around;
  switch (expr.kind) {
    case 'vectorSelector': {
      // What `@` fixes looks at a time of its own.
      if (expr.at !== undefined) return;
      const backMs = Math.max(0, outerMs + expr.offsetMs);
      const reachMs = backMs === 0 ? 0 : backMs + lookbackMsDefault;
      found({ selector: expr, rangeMs: 0, taker: 'instant', reachMs, longestMs });
      return;
    }
    case 'matrixSelector': {
      const { selector, rangeMs } = expr;
      if (selector.at !== undefined) return;
      const reachMs = Math.max(0, outerMs + selector.offsetMs + rangeMs);
      found({ selector, rangeMs, taker, reachMs, longestMs: Math.max(longestMs, rangeMs) });
      return;
    }
    case 'subquery': {
      if (expr.at !== undefined) return;
      const deeper = { outerMs: outerMs + expr.offsetMs + expr.rangeMs, taker: 'instant' };
      collect(expr.expr, { ...deeper, longestMs: Math.max(longestMs, expr.rangeMs) }, found);
      return;
    }
    case 'call':
      for (const arg of expr.args) collect(arg, { ...around, taker: expr.name }, found);
      return;
    default:
      for (const child of childrenOf(expr)) collect(child, around, found);
  }
}

export interface Windows {
  readonly windows: readonly PlannedWindow[];
  /** Those that the expressions read, each after what it reads itself. */
  readonly recordings: readonly PlannedRecording[];
}

/** All windows of the expressions that reach back further than `coveredMs`, and every recording rule that they read. */
export function windowsOf(
  roots: readonly Expr[],
  rules: readonly PlannedRecording[],
  coveredMs: number,
): Windows {
  const windows = new Map<string, PlannedWindow>();
  const recordings = new Set<PlannedRecording>();
  const seen = new Set<string>();
  const follow = (expr: Expr, around: Around, path: readonly PlannedRecording[]): void =>
    collect(expr, around, (look) => {
      const read = rules.filter((rule) => mayBe(look.selector, rule));
      if (look.reachMs > coveredMs) note(windows, look, read.length > 0);
      for (const rule of read) {
        const key = JSON.stringify([rules.indexOf(rule), look.reachMs, look.longestMs]);
        // A rule that reads itself has no beginning that could be computed.
        if (path.includes(rule) || seen.has(key)) continue;
        seen.add(key);
        const parsed = parseExpr(rule.expr, { features: allFeatures });
        const deeper = { outerMs: look.reachMs, longestMs: look.longestMs, taker: 'instant' };
        if (parsed.ok) follow(parsed.expr, deeper, [...path, rule]);
        recordings.add(rule);
      }
    });
  for (const root of roots) follow(root, { outerMs: 0, longestMs: 0, taker: 'instant' }, []);
  return { windows: [...windows.values()], recordings: inOrder([...recordings]) };
}

/** Whether the selector can find what the rule records. */
export function mayBe(selector: VectorSelector, rule: Pick<PlannedRecording, 'name' | 'labels'>): boolean {
  return selector.matchers.every((matcher) => {
    const value = matcher.name === '__name__' ? rule.name : rule.labels[matcher.name];
    return value === undefined || matcher.matches(value);
  });
}

function note(windows: Map<string, PlannedWindow>, look: LookBack, recorded: boolean): void {
  const { selector, rangeMs, taker, reachMs, longestMs } = look;
  const text = printExpr({ ...selector, offsetMs: 0, offsetExpr: undefined, at: undefined });
  const isCounter = countersTakers.has(taker) || counterName.test(selector.name);
  const kind = recorded ? 'recorded' : isCounter ? 'counter' : 'level';
  const spacingMs = countingTakers.has(taker)
    ? 0
    : Math.floor((rangeMs === 0 ? lookbackMsDefault : rangeMs) / samplesInRange);
  const key = JSON.stringify([text, longestMs]);
  const known = windows.get(key);
  windows.set(key, {
    selector: text,
    // One that is taken as a counter anywhere is one everywhere.
    kind: known?.kind === 'counter' ? 'counter' : kind,
    rangeMs: longestMs,
    reachMs: Math.max(reachMs, known?.reachMs ?? 0),
    spacingMs: Math.min(spacingMs, known?.spacingMs ?? Number.POSITIVE_INFINITY),
  });
}

/** Each rule after those that it reads, else in the order of the files. */
function inOrder(rules: readonly PlannedRecording[]): PlannedRecording[] {
  const ordered = new Set<PlannedRecording>();
  const place = (rule: PlannedRecording, path: readonly PlannedRecording[]): void => {
    if (ordered.has(rule) || path.includes(rule)) return;
    const parsed = parseExpr(rule.expr, { features: allFeatures });
    const read = parsed.ok ? lookBacksOf(parsed.expr) : [];
    for (const other of rules)
      if (read.some(({ selector }) => mayBe(selector, other))) place(other, [...path, rule]);
    ordered.add(rule);
  };
  for (const rule of rules) place(rule, []);
  return [...ordered];
}
