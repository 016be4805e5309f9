// A Chaos Toolkit experiment in our words: a probe of its hypothesis is an objective that is asked at moments, an action
// of its method is a fault that struck when it was played.

import { humanDuration } from '../../base/duration.ts';
import type { ChaosToolkitSpec } from '../model.ts';
import type { EventOf } from '../timeline.ts';
import type {
  Evidence,
  FaultVerdict,
  Judgement,
  ObjectiveVerdict,
  ObjectiveVerdictName,
} from '../verdict.ts';
import { eventsOf, type RunFacts } from './facts.ts';

type Spec<K extends 'probes' | 'actions'> = ChaosToolkitSpec[K][number];

interface Answer {
  readonly at: number;
  readonly when: EventOf<'hypothesis.checked'>['when'];
  readonly met: boolean;
  readonly reason: string;
}

interface Finding {
  readonly verdict: ObjectiveVerdictName;
  readonly judgement: Judgement;
  readonly reason: string;
}

export function judgeProbe(
  spec: Spec<'probes'>,
  strategy: ChaosToolkitSpec['hypothesisStrategy'],
  facts: RunFacts,
): ObjectiveVerdict {
  const answers = answersOf(spec.name, facts);
  const later = answers.filter(({ when }) => when !== 'before');
  const breached = later.find(({ met }) => !met) ?? null;
  const recovered = breached && later.find(({ met, at }) => met && at > breached.at);
  return {
    name: spec.name,
    ...find(spec.name, answers, strategy, facts),
    evidence: evidenceOf(answers),
    expect: 'held',
    promql: spec.text,
    comparison: { expr: 'in tolerance', operator: '==', threshold: 1 },
    times: { breached: breached?.at ?? null, recovered: recovered?.at ?? null },
    detectedBy: null,
  };
}

function find(
  name: string,
  answers: readonly Answer[],
  strategy: ChaosToolkitSpec['hypothesisStrategy'],
  facts: RunFacts,
): Finding {
  const before = answers.find(({ when }) => when === 'before');
  if (before && !before.met)
    return unproven('not-steady', `${name} was out of its tolerance before the method: ${before.reason}.`);
  if (facts.unsteady)
    return unproven('not-steady', `${name} was not asked after the method, which was not played.`);
  const broken = answers.find(({ when, met }) => when !== 'before' && !met);
  if (broken)
    return {
      verdict: 'breached',
      judgement: 'wrong',
      reason: `${name} was out of its tolerance ${broken.when} the method: ${broken.reason}.`,
    };
  const last = answers.findLast(({ when }) => when !== 'before');
  if (last)
    return {
      verdict: 'held',
      judgement: 'right',
      reason: `${name} was within its tolerance ${last.when} the method: ${last.reason}.`,
    };
  if (facts.outcome !== 'completed')
    return unproven('cut-short', `${name} was not asked after the method, because the run ended before.`);
  const why =
    strategy === 'before-method-only'
      ? 'that is the strategy before-method-only'
      : 'another probe before it was out of its tolerance';
  return unproven('no-data', `${name} was not asked after the method: ${why}.`);
}

function unproven(verdict: ObjectiveVerdictName, reason: string): Finding {
  return { verdict, judgement: 'inconclusive', reason };
}

function answersOf(name: string, { events }: RunFacts): Answer[] {
  return eventsOf(events, 'hypothesis.checked').flatMap(({ at, when, probes }) =>
    probes.filter((probe) => probe.name === name).map(({ met, reason }) => ({ at, when, met, reason })),
  );
}

/** The first answer of each part of the run, and the first that broke it. */
function evidenceOf(answers: readonly Answer[]): Evidence[] {
  const shown = answers.filter(
    ({ when, met }, index) =>
      answers.findIndex((other) => other.when === when && other.met === met) === index,
  );
  return shown.map(({ when, met, reason, at }) => ({
    label: `${when} the method`,
    value: `${met ? 'in' : 'out of'} tolerance: ${reason}`,
    at,
  }));
}

export function judgeAction(spec: Spec<'actions'>, facts: RunFacts): FaultVerdict {
  const ends = eventsOf(facts.events, 'activity.ended').filter(
    ({ activity, part }) => part === 'method' && activity === spec.name,
  );
  const began = eventsOf(facts.events, 'activity.started').find(
    ({ activity, part }) => part === 'method' && activity === spec.name,
  );
  const done = ends.filter(({ status, isDoubtful }) => status === 'succeeded' && !isDoubtful);
  return {
    name: spec.name,
    ...findAction(spec, began, ends, facts),
    evidence: ends.map(({ detail, at }) => ({
      label: 'played',
      value: began ? `${detail}, after ${humanDuration(at - began.at)}` : detail,
      at,
    })),
    kind: 'action',
    driver: spec.provider,
    targets: [spec.on],
    hits: ends.length > 0 ? done.length : null,
  };
}

function findAction(
  { name }: Spec<'actions'>,
  began: EventOf<'activity.started'> | undefined,
  ends: readonly EventOf<'activity.ended'>[],
  { unsteady, stop }: RunFacts,
): Pick<FaultVerdict, 'verdict' | 'judgement' | 'reason'> {
  const failed = ends.find(({ status }) => status === 'failed');
  if (failed && stop && failed.at >= stop.at)
    return blind('unverified', `${name} was ended with the run: what it did until then is not known.`);
  if (failed) return blind('not-injected', `${name} failed: ${failed.detail}.`);
  const doubtful = ends.find(({ isDoubtful }) => isDoubtful);
  if (doubtful)
    return blind(
      'unverified',
      `${name} was played, but ended with ${doubtful.detail}: what it did is not known.`,
    );
  if (ends.length > 0)
    return { verdict: 'effective', judgement: 'right', reason: `${name} was played: ${ends[0]!.detail}.` };
  if (began) return blind('unverified', `${name} was begun, and its end was not seen.`);
  const why = unsteady ? 'the hypothesis was not met before it' : 'the run ended before it';
  return blind('not-injected', `${name} was not played: ${why}.`);
}

function blind(
  verdict: FaultVerdict['verdict'],
  reason: string,
): Pick<FaultVerdict, 'verdict' | 'judgement' | 'reason'> {
  return { verdict, judgement: 'inconclusive', reason };
}
