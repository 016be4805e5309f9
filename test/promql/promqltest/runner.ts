// Runs a script. An evaluation passes when all that it implies passes: the evaluation itself, the same with `@` at other
// times, and each as the middle step of a range query.

import { UserError } from '../../../src/base/diagnostics.ts';
import type { Expr } from '../../../src/promql/ast.ts';
import {
  type InstantResult,
  instantQuery,
  type RangeResult,
  rangeQuery,
  type VectorSample,
} from '../../../src/promql/engine.ts';
import { formatPromqlError } from '../../../src/promql/errors.ts';
import { parseExpr } from '../../../src/promql/parser.ts';
import { printExpr } from '../../../src/promql/printer.ts';
import { type BatchSample, SeriesStore } from '../../../src/telemetry/metrics/store.ts';
import { allFeatures } from '../all-features.ts';
import { dependsOnTime, fixedAt, otherTimes } from './at-variants.ts';
import {
  compareInstant,
  compareMatrix,
  compareNotes,
  compareScalar,
  compareText,
  compareVector,
  disorder,
} from './compare.ts';
import { customHistograms } from './custom-histograms.ts';
import { type EvalCommand, type LoadCommand, parseScript } from './script.ts';

export interface Evaluation {
  readonly line: number;
  readonly expr: string;
  /** What is wrong; undefined when everything passed. */
  readonly problem: string | undefined;
  readonly executions: number;
}

const features = allFeatures;
const options = { maxSamples: 10_000, features };
const minuteMs = 60_000;
/** Calls whose value depends on the query's own times: not comparable between an instant and a range query. */
const queryTimes = /(start|end|range|step)\(\)/;

export function runScript(text: string): Evaluation[] {
  let source = new SeriesStore();
  const evaluations: Evaluation[] = [];
  for (const command of parseScript(text)) {
    if (command.kind === 'clear') source = new SeriesStore();
    else if (command.kind === 'load') load(source, command);
    else evaluations.push(new EvaluationRun(source, command).run());
  }
  return evaluations;
}

function load(source: SeriesStore, { stepMs, series, withCustomBuckets }: LoadCommand): void {
  // Of two lines for one series the later counts.
  const lines = new Map(series.map((line) => [line.labels.key, line]));
  for (const { labels, points, startOffsetsMs } of lines.values()) {
    const samples = points.flatMap((point, i): BatchSample[] => {
      const atMs = i * stepMs;
      const offset = startOffsetsMs?.[i];
      const sample = {
        labels,
        atMs,
        value: Number.NaN,
        ...(offset !== undefined && { startMs: atMs + offset }),
      };
      if (point.kind === 'float') return [{ ...sample, value: point.value }];
      if (point.kind === 'stale') return [{ ...sample, stale: true }];
      return point.kind === 'histogram' ? [{ ...sample, histogram: point.histogram }] : [];
    });
    source.appendBatch({ source: 'load', atMs: 0, samples });
  }
  for (const { labels, samples } of withCustomBuckets ? customHistograms([...lines.values()]) : []) {
    const converted = [...samples].map(([i, histogram]) => ({
      labels,
      atMs: i * stepMs,
      value: 0,
      histogram,
    }));
    source.appendBatch({ source: 'load', atMs: 0, samples: converted });
  }
}

class EvaluationRun {
  readonly #source: SeriesStore;
  readonly #command: EvalCommand;
  #executions = 0;

  constructor(source: SeriesStore, command: EvalCommand) {
    this.#source = source;
    this.#command = command;
  }

  run(): Evaluation {
    const { line, expr } = this.#command;
    const problem = this.#problem();
    return { line, expr, problem, executions: this.#executions };
  }

  #problem(): string | undefined {
    const { expr: text, isRange, atMs } = this.#command;
    const parsed = parseExpr(text, { features });
    if (!parsed.ok) return formatPromqlError(text, parsed.error);
    if (isRange) return this.#range(parsed.expr);
    const problem = this.#instant(parsed.expr, text, atMs);
    if (problem !== undefined || dependsOnTime(parsed.expr)) return problem;
    const fixed = printExpr(fixedAt(parsed.expr, atMs));
    const again = parseExpr(fixed, { features });
    if (!again.ok) return `${fixed}: ${again.error.message}`;
    for (const time of otherTimes(atMs)) {
      const variant = this.#instant(again.expr, fixed, time);
      if (variant !== undefined) return `${fixed} at ${time}: ${variant}`;
    }
    return undefined;
  }

  #range(expr: Expr): string | undefined {
    const { expr: text, startMs, endMs, stepMs } = this.#command;
    return this.#expecting(
      () => rangeQuery(this.#source, expr, startMs, endMs, stepMs, { ...options, text }),
      (result: RangeResult) => compareMatrix(this.#command, result.series),
    );
  }

  #instant(expr: Expr, text: string, atMs: number): string | undefined {
    let result: InstantResult | undefined;
    const problem = this.#expecting(
      () => instantQuery(this.#source, expr, atMs, { ...options, text }),
      (actual: InstantResult) => {
        result = actual;
        return compareInstant(this.#command, actual);
      },
    );
    const { isRangeVector, expectedString, isOrdered } = this.#command;
    if (problem !== undefined || !result || isRangeVector || expectedString !== undefined) return problem;
    if (queryTimes.test(text)) return undefined;
    const middle = this.#middleOfRange(expr, text, atMs, result.type === 'scalar', isOrdered);
    return middle && `as the middle of a range: ${middle}`;
  }

  #middleOfRange(
    expr: Expr,
    text: string,
    atMs: number,
    isScalar: boolean,
    isOrdered: boolean,
  ): string | undefined {
    this.#executions++;
    const [startMs, endMs] = [atMs - minuteMs, atMs + minuteMs];
    let series: RangeResult['series'];
    try {
      series = rangeQuery(this.#source, expr, startMs, endMs, minuteMs, { ...options, text }).series;
    } catch (error) {
      if (error instanceof UserError) return `failed with: ${error.message}`;
      throw error;
    }
    if (isOrdered) return undefined;
    const samples = series.flatMap(({ labels, times, values, histograms }): VectorSample[] => {
      const step = times.indexOf(atMs);
      const histogram = histograms?.[step];
      return step < 0 ? [] : [{ labels, atMs, value: values[step]!, ...(histogram && { histogram }) }];
    });
    if (isScalar) return compareScalar(this.#command, samples[0]!.value);
    return disorder(series) ?? compareVector(this.#command, samples);
  }

  /** Runs a query and compares its error, annotations and result with what is expected. */
  #expecting<Result extends InstantResult | RangeResult>(
    query: () => Result,
    compare: (result: Result) => string | undefined,
  ): string | undefined {
    const { mustFail } = this.#command;
    this.#executions++;
    let result: Result;
    try {
      result = query();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (mustFail && compareText(mustFail, error.message)) return undefined;
      return `failed with: ${error.message}`;
    }
    if (mustFail) return 'expected a failure';
    return compareNotes(this.#command, result) ?? compare(result);
  }
}
