// What kind of metric a name stands for: by the source's metadata, else by the conventions of names.
// https://prometheus.io/docs/practices/naming/

import type { Call, Expr, VectorSelector } from '../../promql/ast.ts';
import { childrenOf } from '../../promql/walk.ts';
import type { LintContext } from './finding.ts';

export interface MetricType {
  readonly type: 'counter' | 'gauge';
  readonly source: 'metadata' | 'name';
}

const gaugeNames =
  /^(?:up|probe_success|go_goroutines|go_threads|process_resident_memory_bytes|process_virtual_memory_bytes|process_open_fds|process_max_fds)$|_(?:ratio|percent|percentage|celsius|timestamp_seconds|free_bytes|avail_bytes|available_bytes)$/;
const counterNames = /_(?:total|bucket)$/;
/** The parts of a histogram or summary; alone they may be anything. */
const partNames = /_(?:count|sum)$/;

export function metricType(metric: string, { series, files }: LintContext): MetricType | undefined {
  const types = [metric, metric.replace(/_(?:total|bucket|count|sum)$/, '')].map((name) =>
    series?.typeOf(name),
  );
  const told = types.find((type) => type !== undefined && type !== 'unknown');
  if (told === 'gauge') return { type: 'gauge', source: 'metadata' };
  if (told !== undefined)
    return /^(?:counter|histogram|summary)$/.test(told) ? { type: 'counter', source: 'metadata' } : undefined;
  if (gaugeNames.test(metric)) return { type: 'gauge', source: 'name' };
  if (counterNames.test(metric)) return { type: 'counter', source: 'name' };
  // `x_count` is a counter where `x_bucket` is read too.
  const family = metric.replace(partNames, '');
  const isPart = partNames.test(metric) && namesIn(files).has(`${family}_bucket`);
  return isPart ? { type: 'counter', source: 'name' } : undefined;
}

const namesByFiles = new WeakMap<LintContext['files'], ReadonlySet<string>>();

function namesIn(files: LintContext['files']): ReadonlySet<string> {
  const known = namesByFiles.get(files);
  if (known) return known;
  const names = new Set<string>();
  const visit = (expr: Expr): void => {
    if (expr.kind === 'vectorSelector') names.add(expr.name);
    childrenOf(expr).forEach(visit);
  };
  for (const { groups } of files) for (const { rules } of groups) for (const { expr } of rules) visit(expr);
  namesByFiles.set(files, names);
  return names;
}

export interface RangeCall {
  readonly call: Call;
  readonly selector: VectorSelector;
}

/** Calls of these functions on the range of a named metric. */
export function rangeCalls(expr: Expr, functions: ReadonlySet<string>): RangeCall[] {
  const inner = childrenOf(expr).flatMap((child) => rangeCalls(child, functions));
  if (expr.kind !== 'call' || !functions.has(expr.name)) return inner;
  const range = expr.args.find((arg) => arg.kind === 'matrixSelector');
  return range && range.selector.name !== '' ? [{ call: expr, selector: range.selector }, ...inner] : inner;
}
