// Whether a fault did what it was there for. It is measured where the fault acts, never on an objective: a fault that
// hits while the objectives hold is what resilience means.

import { UserError } from '../../base/diagnostics.ts';
import type { Expr } from '../../promql/ast.ts';
import { parseExpr } from '../../promql/parser.ts';
import { topComparison } from '../../promql/walk.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { FaultSpec } from '../model.ts';
import type { Evidence, FaultVerdict, FaultVerdictName } from '../verdict.ts';
import { largest } from './extremes.ts';
import type { FaultFacts, RunFacts } from './facts.ts';
import { countWords } from './hit-words.ts';
import { isTrue, stepsOf, type Window } from './readings.ts';

interface Finding {
  readonly verdict: FaultVerdictName;
  readonly reason: string;
  readonly evidence: readonly Evidence[];
}

export function judgeFault(spec: FaultSpec, facts: RunFacts, recording: Queryable): FaultVerdict {
  const fault = facts.faults.get(spec.name)!;
  const { verdict, reason, evidence } = find(spec, fault, facts, recording);
  return {
    name: spec.name,
    verdict,
    judgement: verdict === 'effective' ? 'right' : 'inconclusive',
    reason,
    evidence,
    kind: spec.kind,
    driver: fault.driver,
    targets: fault.targets.length > 0 ? fault.targets : spec.targets,
    hits: fault.hits ?? null,
  };
}

function find(spec: FaultSpec, fault: FaultFacts, facts: RunFacts, recording: Queryable): Finding {
  if (fault.injectedAt === null) return notInjected(spec, fault, facts);
  const injected: Evidence = {
    label: 'injected',
    value: `by ${fault.driver ?? 'its driver'}`,
    at: fault.injectedAt,
  };
  if (fault.noEffect !== null) {
    const reason = `${spec.name} was reported as injected but was not in place: ${fault.noEffect}.`;
    return { verdict: 'no-effect', reason, evidence: [injected] };
  }
  if (fault.hits !== undefined) return judgeHits(spec, fault.hits, fault.hitsAre, [injected]);
  if (spec.effect.promql !== undefined) {
    return judgeEffect(spec, spec.effect.promql, fault, facts, recording, [injected]);
  }
  const reason = `${spec.name} was in place, but nothing counted what it hit: its driver cannot, and no effect.promql was given.`;
  return { verdict: 'unverified', reason, evidence: [injected] };
}

function notInjected(spec: FaultSpec, fault: FaultFacts, facts: RunFacts): Finding {
  const why =
    fault.failure ??
    (facts.unsteady
      ? `the system was not steady before it: ${facts.unsteady.join('; ')}`
      : 'the run ended before it');
  return { verdict: 'not-injected', reason: `${spec.name} was not injected: ${why}.`, evidence: [] };
}

/** `what` a hit is, as the driver says: `look-ups refused`. */
function judgeHits(
  spec: FaultSpec,
  hits: number,
  what: string | undefined,
  evidence: readonly Evidence[],
): Finding {
  const needed = spec.effect.min;
  const facts = [...evidence, { label: what ?? 'hits', value: `${hits} of at least ${needed}` }];
  const counted = what === undefined ? `hit ${times(hits)}` : `took effect: ${countWords(hits, what)}`;
  if (hits >= needed) {
    return { verdict: 'effective', reason: `${spec.name} ${counted}.`, evidence: facts };
  }
  const few =
    what === undefined
      ? `hit ${hits === 0 ? 'nothing' : `only ${times(hits)}`}`
      : `had ${countWords(hits, what)}`;
  const reason = `${spec.name} was in place but ${few}, and at least ${needed} ${needed === 1 ? 'was' : 'were'} asked for: what it breaks was hardly called.`;
  return { verdict: 'unexercised', reason, evidence: facts };
}

/** A comparison shows the effect when it is true once; any other expression counts hits by its highest value. */
function judgeEffect(
  spec: FaultSpec,
  promql: string,
  fault: FaultFacts,
  facts: RunFacts,
  recording: Queryable,
  evidence: readonly Evidence[],
): Finding {
  const unverified = (why: string): Finding => ({
    verdict: 'unverified',
    reason: `${spec.name} was in place, but its effect cannot be seen: ${promql} ${why}.`,
    evidence,
  });
  const parsed = parseExpr(promql, facts);
  if (!parsed.ok) return unverified(`is not valid (${parsed.error.message})`);
  const stepMs = facts.plan?.scrapeIntervalMs ?? 1000;
  const window = {
    fromMs: fault.injectedAt!,
    toMs: (fault.goneAt ?? facts.endedAt) + stepMs,
    stepMs,
    features: facts.features,
  };
  const comparison = topComparison(parsed.expr);
  try {
    const measured = stepsOf(recording, comparison?.left ?? parsed.expr, window).flatMap(
      (step) => step.values,
    );
    if (measured.length === 0) return unverified('returned nothing');
    return comparison
      ? judgeTruth(spec, parsed.expr, window, recording, evidence)
      : judgeHits(spec, largest(measured), undefined, evidence);
  } catch (error) {
    if (error instanceof UserError) return unverified(`could not be evaluated (${error.message})`);
    throw error;
  }
}

function judgeTruth(
  spec: FaultSpec,
  expr: Expr,
  window: Window,
  recording: Queryable,
  evidence: readonly Evidence[],
): Finding {
  const seen = stepsOf(recording, expr, window).find((step) => isTrue(expr, step));
  if (!seen) {
    const reason = `${spec.name} was in place but its effect was never seen: ${spec.effect.promql} stayed false.`;
    return { verdict: 'unexercised', reason, evidence };
  }
  return {
    verdict: 'effective',
    reason: `${spec.name} took effect: ${spec.effect.promql} became true.`,
    evidence: [...evidence, { label: 'effect seen', value: spec.effect.promql!, at: seen.at }],
  };
}

function times(hits: number): string {
  return hits === 1 ? 'once' : `${Math.round(hits)} times`;
}
