// One objective: was it kept, and did it come back. Everything is read from the recording; the sentences are in
// objective-words.ts.

import { UserError } from '../../base/diagnostics.ts';
import type { Expr } from '../../promql/ast.ts';
import { parseExpr } from '../../promql/parser.ts';
import { printExpr } from '../../promql/printer.ts';
import { longestReachMs, type TopComparison, topComparison } from '../../promql/walk.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { ObjectiveSpec } from '../model.ts';
import type { Evidence, Judgement, ObjectiveVerdict, ObjectiveVerdictName } from '../verdict.ts';
import { tooFewEvents } from './event-count.ts';
import type { RunFacts } from './facts.ts';
import { sinceUndo } from './moments.ts';
import { noiseIn } from './noise.ts';
import { type ObjectiveWords, wordsFor } from './objective-words.ts';
import { readObjective, worstOf } from './readings.ts';
import {
  bridgeGaps,
  lengthMs,
  type Reading,
  type Recovery,
  recoveryAfter,
  type Stretch,
  stretchesOf,
} from './stretches.ts';

/** What the alerts that guard it, and the reports, need to know. */
export interface ObjectiveFinding {
  readonly spec: ObjectiveSpec;
  readonly verdict: Omit<ObjectiveVerdict, 'detectedBy'>;
  /** Whether it broke, as far as anyone can tell. */
  readonly state: 'broken' | 'unbroken' | 'unknown';
  readonly breaches: readonly Stretch[];
  /** Too short to count. */
  readonly blips: readonly Stretch[];
  readonly readings: readonly Reading[];
  readonly stepMs: number;
  /** The longest range that it reads: for so long it remembers what is over. */
  readonly memoryMs: number;
}

interface Decision {
  readonly verdict: ObjectiveVerdictName;
  readonly judgement: Judgement;
  readonly reason: string;
  readonly state: ObjectiveFinding['state'];
  readonly evidence?: readonly Evidence[];
}

/** One objective on its way to a verdict. */
interface Case {
  readonly spec: ObjectiveSpec;
  readonly facts: RunFacts;
  readonly recording: Queryable;
  readonly expr: Expr;
  readonly injectedAt: number;
  readonly breachForMs: number;
  /** From the baseline to the end. */
  readonly stretches: readonly Stretch[];
  readonly breaches: readonly Stretch[];
  readonly blips: readonly Stretch[];
  readonly words: ObjectiveWords;
}

const scrapeIntervalMsDefault = 1000;

export function judgeObjective(spec: ObjectiveSpec, facts: RunFacts, recording: Queryable): ObjectiveFinding {
  const parsed = parseExpr(spec.promql);
  const comparison = parsed.ok ? topComparison(parsed.expr) : undefined;
  const scrapeMs = facts.plan?.scrapeIntervalMs ?? scrapeIntervalMsDefault;
  const stepMs = spec.stepMs ?? scrapeMs;
  const empty = { spec, stepMs, memoryMs: 0, breaches: [], blips: [], readings: [] };
  if (!parsed.ok || !comparison) {
    const why = parsed.ok ? 'it is no comparison' : parsed.error.message;
    const reason = `${spec.name} could not be evaluated: ${why}.`;
    return finding(empty, unknown('no-data', reason), undefined, null);
  }
  const words = wordsFor(spec, comparison);
  const untested = neverTested(spec, facts);
  if (untested) return finding(empty, untested, comparison, null);
  const window = { fromMs: facts.baselineAt ?? facts.startedAt, toMs: facts.endedAt, stepMs };
  const breachForMs = spec.breachForMs ?? 2 * scrapeMs;
  const attempt = readSafely(() =>
    bridgeGaps(readObjective(recording, parsed.expr, comparison, window), breachForMs),
  );
  if (typeof attempt === 'string') {
    const reason = `${spec.name} could not be evaluated on the recording: ${attempt}.`;
    return finding(empty, unknown('no-data', reason), comparison, null);
  }
  const injectedAt = facts.injectedAt!;
  const stretches = stretchesOf(attempt, facts.endedAt);
  const after = stretches.filter((stretch) => stretch.bounds === 'out' && stretch.from > injectedAt);
  const breaches = after.filter((stretch) => lengthMs(stretch) >= breachForMs);
  const blips = after.filter((stretch) => lengthMs(stretch) < breachForMs);
  const objective: Case = {
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
  };
  const decision = decide(objective);
  const memoryMs = longestReachMs(parsed.expr, 0);
  const seen = { spec, stepMs, memoryMs, breaches, blips, readings: attempt };
  return finding(seen, decision, comparison, objective);
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

function decide(objective: Case): Decision {
  const { spec, breaches } = objective;
  const blind = judgeBaseline(objective) ?? judgeData(objective);
  if (blind) return blind;
  if (breaches.length === 0) return judgeKept(objective);
  return spec.expect === 'held' ? judgeBroken(objective) : judgeExpectedBreach(objective);
}

/** Whether the time before the fault lets anything be said about the time after it. */
function judgeBaseline(objective: Case): Decision | undefined {
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
    noise && unknown('noisy', words.noisy(noise), [{ label: 'baseline', value: words.range(noise.values) }])
  );
}

function judgeData(objective: Case): Decision | undefined {
  const { spec, stretches, facts, injectedAt, breachForMs, words, breaches } = objective;
  const few =
    spec.minEvents === undefined
      ? undefined
      : tooFewEvents(objective.recording, objective.expr, facts, spec.minEvents);
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

function judgeKept(objective: Case): Decision {
  const { spec, facts, blips, words } = objective;
  const unfinished = blips.find((blip) => blip.open);
  if (!facts.faultComplete || unfinished) {
    const why = unfinished
      ? 'it had left its bounds just when the run ended'
      : 'it held, but the fault did not last as planned';
    return unknown('cut-short', `${spec.name} cannot be judged: ${why}.`);
  }
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

function judgeBroken(objective: Case): Decision {
  const recovery = recoveryOf(objective);
  const reason = `${objective.words.broken(objective.breaches)}${objective.words.recovery(recovery, objective.facts)}.`;
  const verdict = isLost(recovery) ? 'not-recovered' : 'breached';
  return { verdict, judgement: 'wrong', reason, state: 'broken' };
}

function judgeExpectedBreach(objective: Case): Decision {
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

function recoveryOf({ spec, facts, stretches, breaches }: Case): Recovery {
  return recoveryAfter(stretches, breaches, facts.undoneAt, spec.recovers, facts.endedAt);
}

function valuesAfter({ stretches, injectedAt }: Case): number[] {
  return stretches
    .flatMap((stretch) => stretch.readings)
    .flatMap((reading) => (reading.at > injectedAt && reading.value !== null ? [reading.value] : []));
}

function finding(
  seen: Pick<ObjectiveFinding, 'spec' | 'breaches' | 'blips' | 'readings' | 'stepMs' | 'memoryMs'>,
  decision: Decision,
  comparison: TopComparison | undefined,
  objective: Case | null,
): ObjectiveFinding {
  const { spec, breaches } = seen;
  const recovery = objective && breaches.length > 0 ? recoveryOf(objective) : null;
  const recovered = recovery && 'at' in recovery ? recovery.at : null;
  return {
    ...seen,
    state: decision.state,
    verdict: {
      name: spec.name,
      verdict: decision.verdict,
      judgement: decision.judgement,
      reason: decision.reason,
      evidence: [
        ...(objective ? objectiveEvidence(objective, comparison!, recovered) : []),
        ...(decision.evidence ?? []),
      ],
      expect: spec.expect,
      promql: spec.promql,
      comparison: {
        expr: comparison ? printExpr(comparison.left) : spec.promql,
        operator: comparison?.operator ?? '',
        threshold: comparison?.threshold ?? null,
      },
      times: { breached: breaches[0]?.from ?? null, recovered },
    },
  };
}

function objectiveEvidence(objective: Case, comparison: TopComparison, recovered: number | null): Evidence[] {
  const { words, breaches, blips } = objective;
  const worst = worstReading(objective, comparison);
  return [
    { label: 'bound', value: words.bound },
    ...(worst ? [{ label: 'worst value', value: words.quantity(worst.value!), at: worst.at }] : []),
    ...breaches.map((breach) => ({ label: 'breach', value: words.length(breach), at: breach.from })),
    ...blips.map((blip) => ({ label: 'blip', value: words.length(blip), at: blip.from })),
    ...(recovered === null
      ? []
      : [{ label: 'back in bounds', value: sinceUndo(recovered, objective.facts), at: recovered }]),
  ];
}

function worstReading({ stretches, injectedAt }: Case, comparison: TopComparison): Reading | undefined {
  const readings = stretches
    .flatMap((stretch) => stretch.readings)
    .filter((reading) => reading.at > injectedAt && reading.value !== null);
  const worst = worstOf(
    readings.map((reading) => reading.value!),
    comparison,
  );
  return readings.find((reading) => reading.value === worst);
}
