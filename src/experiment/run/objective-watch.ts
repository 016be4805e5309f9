// The live reading of the objectives: for the live view, the steady gate and the early end of the recovery phase. The
// judge does not use it; it evaluates the recording.

import { UserError } from '../../base/diagnostics.ts';
import type { Expr } from '../../promql/ast.ts';
import { instantQuery } from '../../promql/engine.ts';
import type { Features } from '../../promql/features.ts';
import { parseExpr } from '../../promql/parser.ts';
import { asBool, topComparison } from '../../promql/walk.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { ObjectiveSpec } from '../model.ts';

export interface ObjectiveReading {
  readonly name: string;
  readonly state: 'held' | 'breached' | 'no-data';
  /** The worst value of the left side; null without data. */
  readonly value: number | null;
  readonly threshold: number | null;
  readonly at: number;
  /** Why the expression could not be evaluated; its state is then `no-data`. */
  readonly failure: string | undefined;
}

export class ObjectiveWatch {
  readonly name: string;
  readonly #features: Features;
  readonly #ok: Expr;
  readonly #left: Expr;
  readonly #wantsLow: boolean;
  readonly #threshold: number | null;
  /** Since when it has held without a break; undefined while it does not. */
  #heldSince: number | undefined;
  #last: ObjectiveReading | undefined;

  constructor(spec: ObjectiveSpec, features: Features) {
    const parsed = parseExpr(spec.promql, { features });
    const comparison = parsed.ok ? topComparison(parsed.expr) : undefined;
    if (!parsed.ok || !comparison) throw new Error(`unchecked objective ${spec.name}`);
    this.name = spec.name;
    this.#features = features;
    this.#ok = asBool(parsed.expr);
    this.#left = comparison.left;
    this.#wantsLow = comparison.operator.startsWith('<');
    this.#threshold = comparison.threshold ?? null;
  }

  get last(): ObjectiveReading | undefined {
    return this.#last;
  }

  heldForMs(nowMs: number): number {
    return this.#heldSince === undefined ? 0 : nowMs - this.#heldSince;
  }

  read(source: Queryable, nowMs: number): ObjectiveReading {
    this.#last = this.#evaluate(source, nowMs);
    if (this.#last.state === 'held') this.#heldSince ??= nowMs;
    else this.#heldSince = undefined;
    return this.#last;
  }

  #evaluate(source: Queryable, nowMs: number): ObjectiveReading {
    const reading = { name: this.name, threshold: this.#threshold, at: nowMs };
    try {
      const verdicts = this.#values(source, this.#ok, nowMs);
      const state =
        verdicts.length === 0 ? 'no-data' : verdicts.some((value) => value === 0) ? 'breached' : 'held';
      const measured = this.#values(source, this.#left, nowMs).filter((value) => !Number.isNaN(value));
      const worst =
        measured.length === 0 ? null : this.#wantsLow ? Math.max(...measured) : Math.min(...measured);
      return { ...reading, state, value: worst, failure: undefined };
    } catch (error) {
      // Two series where the expression expects one, too many samples: what the data alone decides.
      if (!(error instanceof UserError)) throw error;
      return { ...reading, state: 'no-data', value: null, failure: error.message };
    }
  }

  #values(source: Queryable, expr: Expr, nowMs: number): number[] {
    const result = instantQuery(source, expr, nowMs, { features: this.#features });
    if (result.type === 'scalar') return [result.value];
    return result.type === 'vector' ? result.samples.map((sample) => sample.value) : [];
  }
}
