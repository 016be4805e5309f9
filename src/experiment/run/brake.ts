// Stop conditions: checked at every new sample, and when samples stay away. A blind brake is a pulled brake: a
// condition whose series the baseline had and that are gone for longer than `blindFor` stops the run as well.

import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { humanDuration } from '../../base/duration.ts';
import { metricName } from '../../base/labels.ts';
import { formatMatcher, type Matcher } from '../../base/matcher.ts';
import type { Expr } from '../../promql/ast.ts';
import { instantQuery } from '../../promql/engine.ts';
import type { Features } from '../../promql/features.ts';
import { parseExpr } from '../../promql/parser.ts';
import { selectorsOf } from '../../promql/walk.ts';
import { present } from '../../telemetry/metrics/series.ts';
import type { StopConditionSpec } from '../model.ts';
import type { RunSeries } from './run-series.ts';

export interface BrakePull {
  readonly by: 'condition' | 'blind';
  readonly reason: string;
}

interface Condition {
  readonly promql: string;
  readonly expr: Expr;
  readonly blindForMs: number;
  /** Selectors outside absent(): those whose silence is blindness. */
  readonly selectors: readonly (readonly Matcher[])[];
}

const blindCheckEveryMs = 250;

export class Brake {
  readonly #conditions: readonly Condition[];
  readonly #store: RunSeries;
  readonly #clock: Clock;
  readonly #features: Features;
  readonly #stopping = new AbortController();
  /** Conditions whose evaluation fails, since when, and why. */
  readonly #failing = new Map<Condition, { readonly since: number; readonly reason: string }>();

  constructor(
    specs: readonly StopConditionSpec[],
    scrapeIntervalMs: number,
    store: RunSeries,
    clock: Clock,
    features: Features,
  ) {
    this.#features = features;
    this.#conditions = specs.map((spec) => condition(spec, scrapeIntervalMs, features));
    this.#store = store;
    this.#clock = clock;
  }

  /** Why the gate must not open: a condition that is true already or that cannot be seen. */
  unsteady(): string[] {
    const now = this.#clock.now();
    return this.#conditions.flatMap((condition) => {
      if (this.#isTrue(condition, now)) return [`stop condition ${condition.promql} is true already`];
      const failure = this.#failing.get(condition);
      if (failure) return [`stop condition ${condition.promql} cannot be evaluated: ${failure.reason}`];
      const unseen = condition.selectors.find((matchers) => !this.#known(matchers));
      return unseen
        ? [`stop condition ${condition.promql} cannot be evaluated: no series for ${printMatchers(unseen)}`]
        : [];
    });
  }

  /** Watches from now on; calls `pull` at most once. */
  watch(pull: (reason: BrakePull) => void): void {
    if (this.#conditions.length === 0) return;
    const seen = new Set(
      this.#conditions
        .flatMap((each) => each.selectors)
        .filter((matchers) => this.#fresh(matchers, Infinity)),
    );
    let pulled = false;
    const check = (find: (now: number) => BrakePull | undefined): void => {
      if (pulled || this.#stopping.signal.aborted) return;
      const reason = find(this.#clock.now());
      if (!reason) return;
      pulled = true;
      pull(reason);
    };
    const unsubscribe = this.#store.subscribe(() => check((now) => this.#violated(now)));
    this.#stopping.signal.addEventListener('abort', unsubscribe);
    void (async () => {
      while (!this.#stopping.signal.aborted && !pulled) {
        check((now) => this.#blind(seen, now));
        await this.#clock.sleep(blindCheckEveryMs, this.#stopping.signal);
      }
    })();
  }

  stop(): void {
    this.#stopping.abort();
  }

  #violated(now: number): BrakePull | undefined {
    const condition = this.#conditions.find((each) => this.#isTrue(each, now));
    return condition && { by: 'condition', reason: `stop condition ${condition.promql} became true` };
  }

  #blind(seen: ReadonlySet<readonly Matcher[]>, now: number): BrakePull | undefined {
    for (const condition of this.#conditions) {
      const failure = this.#failing.get(condition);
      if (failure && now - failure.since > condition.blindForMs)
        return { by: 'blind', reason: `stop condition ${condition.promql} is blind: ${failure.reason}` };
      const lost = condition.selectors.find(
        (matchers) => seen.has(matchers) && !this.#fresh(matchers, condition.blindForMs),
      );
      if (lost) {
        const silence = `no sample of ${printMatchers(lost)} for ${humanDuration(condition.blindForMs)}`;
        return { by: 'blind', reason: `stop condition ${condition.promql} is blind: ${silence}` };
      }
    }
    return undefined;
  }

  /** False also when it cannot be told, which is noted: it is blindness, when it lasts. */
  #isTrue(condition: Condition, now: number): boolean {
    try {
      const isTrue = this.#evaluate(condition.expr, now);
      this.#failing.delete(condition);
      return isTrue;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const since = this.#failing.get(condition)?.since ?? now;
      this.#failing.set(condition, { since, reason: error.message });
      return false;
    }
  }

  /** A filter that keeps a series, or a scalar or bool that is not zero. */
  #evaluate(expr: Expr, now: number): boolean {
    const result = instantQuery(this.#store, expr, now, { features: this.#features });
    if (result.type === 'scalar') return result.value !== 0 && !Number.isNaN(result.value);
    if (result.type !== 'vector') return false;
    return expr.kind === 'binary' && expr.bool
      ? result.samples.some((sample) => sample.value !== 0)
      : result.samples.length > 0;
  }

  #fresh(matchers: readonly Matcher[], withinMs: number): boolean {
    const now = this.#clock.now();
    const from = withinMs === Infinity ? 0 : now - withinMs;
    return this.#store.select(matchers, from, now).some((view) => {
      for (let i = view.last - 1; i >= view.first; i--)
        if (view.states[i - view.offset] === present) return true;
      return false;
    });
  }

  /**
   * A series of the same metric and job is enough: an error counter is often born with the first error, and its
   * absence is then a fact, not blindness.
   */
  #known(matchers: readonly Matcher[]): boolean {
    const wide = matchers.filter((matcher) => matcher.name === metricName || matcher.name === 'job');
    return this.#fresh(wide.length > 0 ? wide : matchers, Infinity);
  }
}

function condition(spec: StopConditionSpec, scrapeIntervalMs: number, features: Features): Condition {
  const parsed = parseExpr(spec.promql, { features });
  if (!parsed.ok) throw new Error(`unchecked stop condition: ${parsed.error.message}`);
  const selectors = selectorsOf(parsed.expr)
    .filter((use) => !use.onlyInAbsent)
    .map((use) => use.matchers);
  return {
    promql: spec.promql,
    expr: parsed.expr,
    blindForMs: spec.blindForMs ?? 2 * scrapeIntervalMs,
    selectors,
  };
}

function printMatchers(matchers: readonly Matcher[]): string {
  return `{${matchers.map(formatMatcher).join(', ')}}`;
}
