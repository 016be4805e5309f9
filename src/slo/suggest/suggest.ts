// Objectives from a baseline: detectors find what could be promised, each candidate is measured over the baseline, gets
// its limit and its target, and is played back against the alerts that would watch it. What the baseline does not keep,
// or does not show, is left out with its reason. Nothing here is random: the same baseline gives the same suggestions.

import type { Sli } from '../objective.ts';
import { builtInWindows } from '../rules/alert-windows.ts';
import { type Target, targetOf } from '../target.ts';
import { type Candidate, signalNames } from './candidate.ts';
import { chooseTarget } from './choose.ts';
import { type Baseline, errorCurve, sampleIntervalMs } from './curve.ts';
import { withLimit } from './limit.ts';
import { type Measured, measure } from './measure.ts';
import type { Metrics } from './metrics.ts';
import { type Replay, replay } from './replay.ts';
import { availabilities } from './signals/availability.ts';
import { failureCounters } from './signals/failure-counters.ts';
import { latencies } from './signals/latency.ts';
import { requests } from './signals/requests.ts';
import { saturations } from './signals/saturation.ts';

export interface Suggestion {
  /** Unique, and a name that OpenSLO takes. */
  readonly id: string;
  readonly service: string;
  /** Of its metrics; empty where they have none. */
  readonly job: string;
  readonly signal: Candidate['signal'];
  readonly about: string;
  readonly metrics: readonly string[];
  readonly sli: Sli;
  readonly target: Target;
  readonly measured: Measured;
  readonly replay: Replay;
  /** How the target came about, and the limit where there is one. */
  readonly why: { readonly target: string; readonly limit: string | undefined };
}

export interface LeftOut {
  readonly name: string;
  readonly job: string;
  readonly metrics: readonly string[];
  readonly reason: string;
}

export interface Suggestions {
  readonly fromMs: number;
  readonly toMs: number;
  readonly periodMs: number;
  readonly suggestions: readonly Suggestion[];
  readonly leftOut: readonly LeftOut[];
}

/** The first that finds something in a metric has it: an outcome says more than a status code. */
const detectors = [availabilities, requests, failureCounters, latencies, saturations];
/** Beyond them a list helps nobody, and each is several questions to the source. */
const candidatesMax = 300;
const [windows] = builtInWindows;
/** Of the engine's own scraping, which no user waits for. */
const ownScrapes = /^promhttp_metric_handler_/;

export async function suggest(
  metrics: Metrics,
  baseline: Baseline,
  service: string | undefined,
): Promise<Suggestions> {
  const found = detectors
    .flatMap((detector) => detector(metrics))
    .sort((a, b) => signalNames.indexOf(a.signal) - signalNames.indexOf(b.signal));
  const suggestions: Suggestion[] = [];
  const leftOut: LeftOut[] = [];
  const names = new Set<string>();
  const leave = ({ name, job, metrics: read }: Candidate, reason: string) =>
    leftOut.push({ name, job, metrics: read, reason });
  for (const [index, candidate] of found.entries()) {
    if (index >= candidatesMax) leave(candidate, `more than ${candidatesMax} candidates`);
    else if (candidate.metrics.some((metric) => ownScrapes.test(metric)))
      leave(candidate, 'counts the scrapes themselves');
    else {
      const weighed = await weigh(candidate, baseline);
      if ('reason' in weighed) leave(candidate, weighed.reason);
      else suggestions.push(named(candidate, weighed, service, names));
    }
  }
  const { fromMs, toMs } = baseline;
  return { fromMs, toMs, periodMs: windows!.periodMs, suggestions, leftOut };
}

type Weighed = Pick<Suggestion, 'about' | 'sli' | 'target' | 'measured' | 'replay' | 'why'>;

async function weigh(
  candidate: Candidate,
  baseline: Baseline,
): Promise<Weighed | { readonly reason: string }> {
  const intervalMs = await sampleIntervalMs(candidate.probe, baseline);
  if (intervalMs === undefined) return { reason: 'no samples to speak of in the baseline' };
  const limited = await withLimit(candidate, intervalMs, baseline);
  if (limited.value === undefined) return { reason: limited.why };
  const { sli, about, eventsPerSecond } = limited.value;
  const curve = await errorCurve(sli, intervalMs, baseline, eventsPerSecond?.(intervalMs));
  const measured = measure(curve);
  if (!(measured.events > 0)) return { reason: 'no traffic in the baseline' };
  const chosen = chooseTarget(measured);
  if (chosen.value === undefined) return { reason: chosen.why };
  const target = targetOf(chosen.value, 'percent')!;
  return {
    ...{ about, sli, target, measured },
    replay: replay(curve, target.errorBudget, windows!),
    why: { target: chosen.why, limit: limited.why || undefined },
  };
}

const nameLengthMax = 63;

function named(
  { name, job, signal, metrics }: Candidate,
  weighed: Weighed,
  service: string | undefined,
  taken: Set<string>,
): Suggestion {
  const own = service ?? (job || 'service');
  const prefix = rfc1123(own);
  const base = (name.startsWith(`${prefix}-`) || name === prefix ? name : `${prefix}-${name}`).slice(
    0,
    nameLengthMax - 3,
  );
  const clean = rfc1123(base);
  let id = clean;
  for (let number = 2; taken.has(id); number++) id = `${clean}-${number}`;
  taken.add(id);
  return { id, service: prefix, job, signal, metrics, ...weighed };
}

/** What an SLO and a service may be called without a warning. */
function rfc1123(text: string): string {
  const clean = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, nameLengthMax)
    .replace(/^-+|-+$/g, '');
  return clean === '' ? 'service' : clean;
}
