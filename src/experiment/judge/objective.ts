// One objective: was it kept, and did it come back. Everything is read from the recording; the sentences are in
// objective-words.ts.

import { UserError } from '../../base/diagnostics.ts';
import type { Expr } from '../../promql/ast.ts';
import { parseExpr } from '../../promql/parser.ts';
import { longestReachMs, type TopComparison, topComparison } from '../../promql/walk.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { ObjectiveSpec } from '../model.ts';
import type { Evidence, ObjectiveVerdictName } from '../verdict.ts';
import { tooFewEvents } from './event-count.ts';
import { type EventShare, eventsNeeded, shareOf } from './event-share.ts';
import type { RunFacts } from './facts.ts';
import { lostRequests, withLostRequests } from './lost-requests.ts';
import { noiseIn } from './noise.ts';
import {
  type Decision,
  findingOf,
  type ObjectiveCase,
  type ObjectiveFinding,
  recoveryOf,
} from './objective-finding.ts';
import { wordsFor } from './objective-words.ts';
import { trafficMove } from './offered-traffic.ts';
import { formatQuantity } from './quantity.ts';
import { readObjective, stepsMax, type Window } from './readings.ts';
import { withShortMemory } from './recovery-window.ts';
import {
  settledBaseline,
  shareEvidence,
  shareOfBreaches,
  shareOfFault,
  unclearWords,
} from './share-decision.ts';
import { budgetSpent, type FaultTime, readSloOverFault } from './slo.ts';
import { bridgeGaps, lengthMs, type Reading, type Recovery, stretchesOf } from './stretches.ts';

const scrapeIntervalMsDefault = 1000;

export function judgeObjective(spec: ObjectiveSpec, facts: RunFacts, recording: Queryable): ObjectiveFinding {
  const parsed = parseExpr(spec.promql, facts);
  const comparison = parsed.ok ? topComparison(parsed.expr) : undefined;
  const scrapeMs = facts.plan?.scrapeIntervalMs ?? scrapeIntervalMsDefault;
  const stepMs = spec.stepMs ?? scrapeMs;
  const empty = { spec, stepMs, memoryMs: 0, breaches: [], blips: [], readings: [] };
  if (!parsed.ok || !comparison) {
    const why = parsed.ok ? 'it is no comparison' : parsed.error.message;
    const reason = `${spec.name} could not be evaluated: ${why}.`;
    return findingOf(empty, unknown('no-data', reason), undefined, null);
  }
  const words = wordsFor(spec, comparison);
  const untested = neverTested(spec, facts);
  if (untested) return findingOf(empty, untested, comparison, null);
  const { features } = facts;
  const window = windowOf(facts, stepMs);
  const share = shareOf(comparison, spec.slo);
  const breachForMs = spec.breachForMs ?? 2 * scrapeMs;
  const fault = { fromMs: facts.injectedAt!, toMs: facts.undoingAt ?? facts.undoneAt ?? facts.endedAt };
  const memoryMs = longestReachMs(parsed.expr, 0);
  const attempt = readSafely(() => {
    const readings = readObjective(recording, parsed.expr, comparison, window);
    const read = spec.slo
      ? readSloOverFault(recording, spec.slo, comparison, readings, fault, memoryMs, features)
      : share
        ? readShare({ recording, expr: parsed.expr, comparison, share, window, scrapeMs, facts }, readings)
        : readings;
    return bridgeGaps(read, breachForMs);
  });
  if (typeof attempt === 'string') {
    const reason = `${spec.name} could not be evaluated on the recording: ${attempt}.`;
    return findingOf(empty, unknown('no-data', reason), comparison, null);
  }
  const injectedAt = facts.injectedAt!;
  const stretches = stretchesOf(attempt, facts.endedAt);
  const after = stretches.filter((stretch) => stretch.bounds === 'out' && stretch.from > injectedAt);
  const breaches = after.filter((stretch) => lengthMs(stretch) >= breachForMs);
  const blips = after.filter((stretch) => lengthMs(stretch) < breachForMs);
  const objective: ObjectiveCase = {
    spec,
    facts,
    recording,
    expr: parsed.expr,
    injectedAt,
    breachForMs,
    stretches,
    breaches,
    blips,
    words,
    share,
    lost: share ? lostRequests(recording, parsed.expr, facts) : 0,
  };
  const decision = withShare(withBudget(decide(objective), objective, fault), objective);
  const seen = { spec, stepMs, memoryMs, breaches, blips, readings: attempt };
  return findingOf(seen, decision, comparison, objective);
}

/** From the baseline to the end; a recording that spans days is read at a coarser step. */
function windowOf(facts: RunFacts, stepMs: number): Window {
  const { endedAt, startedAt, features } = facts;
  const fromMs = facts.baselineAt ?? startedAt;
  const coarseMs = Math.ceil((endedAt - fromMs) / stepsMax);
  return { fromMs, toMs: endedAt, stepMs: Math.max(stepMs, coarseMs, 1), features };
}

interface ShareReading {
  readonly recording: Queryable;
  readonly expr: Expr;
  readonly comparison: TopComparison;
  readonly share: EventShare;
  readonly window: Window;
  readonly scrapeMs: number;
  readonly facts: RunFacts;
}

/** What got lost counts as errors, and what is over is forgotten as early as the number of events allows. */
function readShare(reading: ShareReading, readings: readonly Reading[]): readonly Reading[] {
  const { recording, expr, comparison, share, window, scrapeMs, facts } = reading;
  const withLost = withLostRequests(recording, share, expr, comparison, readings, window, facts);
  if (facts.undoneAt === null) return withLost;
  return withShortMemory(recording, share, comparison, withLost, {
    ...{ undoneAt: facts.undoneAt, scrapeMs, window },
    eventsNeeded: eventsNeeded(share.target),
  });
}

/** With how many of the events were good, where it counts some. */
function withShare(decision: Decision, objective: ObjectiveCase): Decision {
  return { ...decision, evidence: [...(decision.evidence ?? []), ...shareEvidence(objective)] };
}

/** Of an SLO, with what the fault cost of its budget. */
function withBudget(
  decision: Decision,
  { spec, recording, facts }: ObjectiveCase,
  fault: FaultTime,
): Decision {
  const spent = spec.slo && budgetSpent(recording, spec.slo, fault, facts.features);
  if (!spent) return decision;
  return {
    ...decision,
    reason: `${decision.reason}${spent.sentence}`,
    evidence: [...(decision.evidence ?? []), ...spent.evidence],
  };
}

/** An expression can be valid and still not work on this data (many-to-many matching); that is no reason to crash. */
function readSafely(read: () => Reading[]): Reading[] | string {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

function unknown(
  verdict: ObjectiveVerdictName,
  reason: string,
  evidence: readonly Evidence[] = [],
): Decision {
  return { verdict, judgement: 'inconclusive', reason, state: 'unknown', evidence };
}

function neverTested(spec: ObjectiveSpec, facts: RunFacts): Decision | undefined {
  if (facts.unsteady)
    return unknown('not-steady', `${spec.name} was not tested: ${facts.unsteady.join('; ')}.`);
  return facts.injectedAt === null
    ? unknown('cut-short', `${spec.name} was not tested: no fault was injected.`)
    : undefined;
}

function decide(objective: ObjectiveCase): Decision {
  const { spec, breaches } = objective;
  const blind = judgeBaseline(objective) ?? judgeData(objective) ?? judgeTraffic(objective);
  if (blind) return blind;
  if (breaches.length === 0) return judgeKept(objective);
  const found = shareOfBreaches(objective);
  if (found?.side === 'unclear') return unknown('noisy', unclearWords(objective, found));
  return spec.expect === 'held' ? judgeBroken(objective) : judgeExpectedBreach(objective);
}

/** Whether the time before the fault lets anything be said about the time after it. */
function judgeBaseline(objective: ObjectiveCase): Decision | undefined {
  const { spec, stretches, injectedAt, breachForMs, words } = objective;
  const readings = stretches.flatMap((stretch) => stretch.readings).filter(({ at }) => at <= injectedAt);
  const before = stretchesOf(readings, injectedAt);
  if (!before.some((stretch) => stretch.bounds !== 'none')) {
    return unknown('no-data', `${spec.name} had no data before the fault: ${words.left} returned nothing.`);
  }
  const last = before.filter((stretch) => stretch.bounds !== 'none').at(-1)!;
  if (last.bounds === 'out') {
    return unknown('not-steady', `${spec.name} was out of bounds already when the fault was injected.`);
  }
  const noise = noiseIn(before, breachForMs);
  return (
    noise &&
    unknown('noisy', `${words.noisy(noise)}${settledBaseline(objective)}`, [
      { label: 'baseline', value: words.range(noise.values) },
    ])
  );
}

/** A fall does not excuse a breach: what was not asked any more could only have added errors. */
function judgeTraffic(objective: ObjectiveCase): Decision | undefined {
  const move = objective.share && trafficMove(objective);
  if (!move || (move.during < move.before && objective.breaches.length > 0)) return undefined;
  const perSecond = (rate: number) => `${formatQuantity(rate)} a second`;
  return unknown('traffic-changed', objective.words.trafficMoved(move), [
    { label: 'requests', value: `${perSecond(move.before)}, then ${perSecond(move.during)}` },
  ]);
}

function judgeData(objective: ObjectiveCase): Decision | undefined {
  const { spec, stretches, facts, injectedAt, breachForMs, words, breaches } = objective;
  const { share, recording, expr, lost } = objective;
  const needed = spec.minEvents ?? (share && eventsNeeded(share.target));
  const few = needed === undefined ? undefined : tooFewEvents(recording, expr, facts, needed, lost);
  if (few) return unknown('no-data', words.fewEvents(few));
  if (breaches.length > 0) return undefined;
  const faultEnd = facts.undoneAt ?? facts.endedAt;
  const gap = stretches.find(
    (stretch) =>
      stretch.bounds === 'none' &&
      lengthMs(stretch) >= breachForMs &&
      stretch.to > injectedAt &&
      (stretch.from < faultEnd || stretch.open),
  );
  return (
    gap &&
    unknown('no-data', words.gap(gap, injectedAt), [
      { label: 'no data', value: words.length(gap), at: gap.from },
    ])
  );
}

function judgeKept(objective: ObjectiveCase): Decision {
  const { spec, facts, blips, words } = objective;
  const unfinished = blips.find((blip) => blip.open);
  if (!facts.faultComplete || unfinished) {
    const why = unfinished
      ? 'it had left its bounds just when the run ended'
      : 'it held, but the fault did not last as planned';
    return unknown('cut-short', `${spec.name} cannot be judged: ${why}.`);
  }
  const found = shareOfFault(objective);
  if (found?.side === 'unclear') return unknown('noisy', unclearWords(objective, found));
  const held = words.held(valuesAfter(objective));
  return spec.expect === 'held'
    ? { verdict: 'held', judgement: 'right', reason: `${held}${words.blips(blips)}.`, state: 'unbroken' }
    : {
        verdict: 'too-weak',
        judgement: 'inconclusive',
        reason: `${held}${words.blips(blips)}, though it was expected to break: the fault was too weak to show anything, or the service has improved.`,
        state: 'unbroken',
      };
}

function judgeBroken(objective: ObjectiveCase): Decision {
  const recovery = recoveryOf(objective);
  const reason = `${objective.words.broken(objective.breaches)}${objective.words.recovery(recovery, objective.facts)}.`;
  const verdict = isLost(recovery) ? 'not-recovered' : 'breached';
  return { verdict, judgement: 'wrong', reason, state: 'broken' };
}

function judgeExpectedBreach(objective: ObjectiveCase): Decision {
  const { words, facts, breaches } = objective;
  const recovery = recoveryOf(objective);
  const reason = `${words.broken(breaches)}, as expected${words.recovery(recovery, facts)}.`;
  if (isLost(recovery)) return { verdict: 'not-recovered', judgement: 'wrong', reason, state: 'broken' };
  if (recovery.kind === 'in-time')
    return { verdict: 'breached', judgement: 'right', reason, state: 'broken' };
  const verdict = recovery.kind === 'unseen' ? 'no-data' : 'cut-short';
  return { verdict, judgement: 'inconclusive', reason, state: 'broken' };
}

function isLost(recovery: Recovery): boolean {
  return recovery.kind === 'never' || recovery.kind === 'too-late';
}

/** What it was when it was in bounds: a blip is told apart. */
function valuesAfter({ stretches, injectedAt }: ObjectiveCase): number[] {
  return stretches
    .flatMap((stretch) => stretch.readings)
    .filter((reading) => reading.at > injectedAt && reading.bounds === 'in')
    .flatMap((reading) => (reading.value === null ? [] : [reading.value]));
}
