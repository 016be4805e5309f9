// An analysis as Argo Rollouts runs it (argoproj/argo-rollouts analysis/analysis.go, utils/evaluate), on given times instead of the
// clock's. Where Argo calls a result a success or an error though nothing was measured, that is told, and it is inconclusive.

import { ExpressionError } from '../../../base/expression/value.ts';
import type { Answer, Ask } from '../answer.ts';
import type { AnalysisMetric, AnalysisTemplate, Condition } from './template.ts';

type Phase = 'Successful' | 'Failed' | 'Inconclusive' | 'Error';

interface Measurement {
  readonly atMs: number;
  readonly phase: Phase;
  /** As Argo prints it: `[0.99,1]` of a vector. */
  readonly value?: string;
  readonly message?: string;
  /** Nothing that a condition could be about: no series, or no number. */
  readonly isBlind: boolean;
}

export interface MetricAnalysis {
  readonly metric: AnalysisMetric;
  readonly measurements: readonly Measurement[];
  /** What Argo makes of it. */
  readonly phase: Phase;
  readonly result: 'pass' | 'fail' | 'inconclusive';
  readonly reason: string;
}

export interface Analysis {
  /** The worst of all metrics that count. */
  readonly phase: Phase;
  readonly result: 'pass' | 'fail' | 'inconclusive';
  readonly metrics: readonly MetricAnalysis[];
}

/** Argo's pause after an error of a metric that has no interval. */
const errorRetryMs = 10_000;
const measurementsMax = 10_000;
const phasesFromBest: readonly Phase[] = ['Successful', 'Inconclusive', 'Error', 'Failed'];

/** From `fromMs` to `toMs`, both included; measurements are taken in the order of time. */
export async function analyse(
  template: AnalysisTemplate,
  ask: Ask,
  fromMs: number,
  toMs: number,
): Promise<Analysis> {
  const progress = template.metrics.map((metric) => new Progress(metric, fromMs + metric.initialDelayMs));
  for (;;) {
    const running = progress.filter(({ phase, nextMs }) => phase === undefined && nextMs <= toMs);
    if (running.length === 0 || progress.some((each) => each.endsTheRun())) break;
    const next = running.reduce((a, b) => (b.nextMs < a.nextMs ? b : a));
    next.add(await measure(next.metric, ask, next.nextMs));
  }
  const metrics = progress.map((each) => each.outcome(toMs));
  const counted = metrics.filter(({ metric }) => !metric.isDryRun);
  const worst = counted.reduce<Phase>((phase, each) => worseOf(phase, each.phase), 'Successful');
  const results = new Set(counted.map(({ result }) => result));
  const result = results.has('fail')
    ? 'fail'
    : results.has('inconclusive') || counted.length === 0
      ? 'inconclusive'
      : 'pass';
  return { phase: worst, result, metrics };
}

function worseOf(a: Phase, b: Phase): Phase {
  return phasesFromBest.indexOf(b) > phasesFromBest.indexOf(a) ? b : a;
}

/** One metric on its way through its measurements. */
class Progress {
  readonly metric: AnalysisMetric;
  nextMs: number;
  phase: Phase | undefined;
  readonly #measurements: Measurement[] = [];
  #reason = '';

  constructor(metric: AnalysisMetric, nextMs: number) {
    this.metric = metric;
    this.nextMs = nextMs;
  }

  add(measurement: Measurement): void {
    this.#measurements.push(measurement);
    this.nextMs += this.metric.intervalMs ?? errorRetryMs;
    this.#assess();
  }

  /** One bad metric ends the whole analysis; the others count as they stand. */
  endsTheRun(): boolean {
    return this.phase !== undefined && this.phase !== 'Successful' && !this.metric.isDryRun;
  }

  outcome(toMs: number): MetricAnalysis {
    const base = { metric: this.metric, measurements: this.#measurements, phase: this.phase ?? 'Successful' };
    const blind = this.#measurements.filter(({ isBlind }) => isBlind).length;
    const taken = this.#measurements.length;
    if (taken === 0)
      return { ...base, result: 'inconclusive', reason: this.#argoSays('it was never measured') };
    if (this.phase === 'Failed' && this.#tally('Failed', (each) => !each.isBlind) > this.metric.failureLimit)
      return { ...base, result: 'fail', reason: this.#reason };
    if (blind > 0) {
      const last = this.#measurements.findLast(({ isBlind }) => isBlind)!;
      const reason = `${blind} of ${taken} measurements saw nothing (${last.message})`;
      return { ...base, result: 'inconclusive', reason: this.#argoSays(reason) };
    }
    if (this.phase === undefined) return this.#unfinished(base, toMs);
    const result = this.phase === 'Successful' ? 'pass' : this.phase === 'Failed' ? 'fail' : 'inconclusive';
    return { ...base, result, reason: this.#reason };
  }

  /** Without a count it goes on as long as it is let: an end is a success. With one, measurements are missing. */
  #unfinished(base: Omit<MetricAnalysis, 'result' | 'reason'>, toMs: number): MetricAnalysis {
    const { count } = this.metric;
    const good = this.#tally('Successful');
    if (count === undefined && good > 0)
      return {
        ...base,
        result: 'pass',
        reason: `${good} of ${this.#measurements.length} measurements were good`,
      };
    const reason =
      count === undefined
        ? 'no measurement was good'
        : `${this.#counted()} of ${count} measurements were taken until ${new Date(toMs).toISOString()}`;
    return { ...base, result: 'inconclusive', reason: this.#argoSays(reason) };
  }

  #argoSays(reason: string): string {
    return `${reason}; Argo Rollouts says ${this.phase ?? 'Successful'}`;
  }

  #assess(): void {
    const { failureLimit, inconclusiveLimit, consecutiveErrorLimit, consecutiveSuccessLimit, intervalMs } =
      this.metric;
    const [failed, inconclusive] = [this.#tally('Failed'), this.#tally('Inconclusive')];
    const errors = this.#inARow('Error');
    const count = this.metric.count ?? (intervalMs === undefined ? 1 : undefined);
    if (failureLimit >= 0 && failed > failureLimit)
      this.#end('Failed', `${failed} failed, ${failureLimit} may`);
    else if (inconclusive > inconclusiveLimit)
      this.#end('Inconclusive', `${inconclusive} were neither good nor bad, ${inconclusiveLimit} may be`);
    else if (errors > consecutiveErrorLimit)
      this.#end('Error', `${errors} errors in a row: ${this.#measurements.at(-1)!.message}`);
    else if (consecutiveSuccessLimit > 0 && this.#inARow('Successful') >= consecutiveSuccessLimit)
      this.#end('Successful', `${consecutiveSuccessLimit} in a row were good`);
    else if (count !== undefined && this.#counted() >= count)
      if (consecutiveSuccessLimit > 0)
        this.#end('Inconclusive', `never ${consecutiveSuccessLimit} in a row were good`);
      else this.#end('Successful', `${this.#tally('Successful')} of ${count} were good, ${failed} failed`);
    else if (this.#measurements.length >= measurementsMax)
      this.#end('Inconclusive', `more than ${measurementsMax} measurements`);
  }

  #end(phase: Phase, reason: string): void {
    this.phase = phase;
    this.#reason = reason;
  }

  #tally(phase: Phase, also: (measurement: Measurement) => boolean = () => true): number {
    return this.#measurements.filter((each) => each.phase === phase && also(each)).length;
  }

  /** Errors are taken again: they do not count. */
  #counted(): number {
    return this.#measurements.length - this.#tally('Error');
  }

  #inARow(phase: Phase): number {
    const other = this.#measurements.findLastIndex((measurement) => measurement.phase !== phase);
    return this.#measurements.length - 1 - other;
  }
}

async function measure(metric: AnalysisMetric, ask: Ask, atMs: number): Promise<Measurement> {
  const answer = await ask(metric.query, atMs);
  if (answer.type === 'error') return { atMs, phase: 'Error', message: answer.message, isBlind: true };
  const blindness = asksForNothing(metric) ? undefined : blindnessOf(answer);
  const base = { atMs, value: valueText(answer), isBlind: blindness !== undefined };
  try {
    const phase = phaseOf(metric, answer.type === 'scalar' ? answer.value : answer.values);
    return { ...base, phase, ...(blindness && { message: blindness }) };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { ...base, phase: 'Error', message: blindness ?? error.message };
  }
}

/** A condition that says itself what no series and no number mean has seen what it was told to look at. */
function asksForNothing({ successCondition, failureCondition }: AnalysisMetric): boolean {
  return /\b(?:len|isNaN|isNil|default)\s*\(/.test(`${successCondition?.text} ${failureCondition?.text}`);
}

function blindnessOf(answer: Exclude<Answer, { type: 'error' }>): string | undefined {
  const values = answer.type === 'scalar' ? [answer.value] : answer.values;
  if (values.length === 0) return 'no series';
  return values.some(Number.isNaN) ? 'not a number' : undefined;
}

/** Without any condition everything is good; with both, what is neither good nor bad is inconclusive. */
function phaseOf(
  { successCondition, failureCondition }: AnalysisMetric,
  result: number | readonly number[],
): Phase {
  const holds = (condition: Condition | undefined) => condition?.holds(result);
  const [good, bad] = [holds(successCondition), holds(failureCondition)];
  if (bad ?? good === false) return 'Failed';
  return (good ?? true) ? 'Successful' : 'Inconclusive';
}

function valueText(answer: Exclude<Answer, { type: 'error' }>): string {
  return answer.type === 'scalar' ? String(answer.value) : `[${answer.values.join(',')}]`;
}
