// One human sentence for each event of the timeline. The live view, the plain progress lines and the HTML report all
// say the same.

import { humanDuration } from '../base/duration.ts';
import type { LabelRecord } from '../base/labels.ts';
import { formatQuantity, type QuantityWords } from '../experiment/judge/quantity.ts';
import type {
  AlertRef,
  EventOf,
  EventType,
  NotificationEvent,
  TimelineEvent,
} from '../experiment/timeline.ts';
import { visible } from './plain-text.ts';
import { warmedWords } from './warmed-words.ts';

/** How an objective's values are written, where the reader of the event knows it. */
export type QuantityOfObjective = (objective: string) => QuantityWords;

type Sentences = {
  readonly [T in EventType]: (event: EventOf<T>, quantityOf: QuantityOfObjective) => string;
};

/** One line of visible text, without a full stop. */
export function describeEvent(
  event: TimelineEvent,
  quantityOf: QuantityOfObjective = () => formatQuantity,
): string {
  // The table's entry for an event's own type takes exactly that event; TypeScript cannot follow the pairing.
  const sentence = sentences[event.type] as (event: TimelineEvent, quantityOf: QuantityOfObjective) => string;
  return visible(sentence(event, quantityOf));
}

const sentences: Sentences = {
  'run.started': (e) =>
    `run ${e.run} of ${e.experiment} started${e.trial > 1 ? `, trial ${e.trial}` : ''} (seed ${e.seed})`,
  'run.planned': (e) => {
    const { baselineMs, faultMs, recoveryMs } = e.plan.phases;
    return `plan: baseline ${humanDuration(baselineMs)}, fault ${humanDuration(faultMs)}, recovery ${humanDuration(recoveryMs)}`;
  },
  // How long the activities of a Chaos Toolkit experiment take is not planned.
  'phase.started': (e) =>
    `${e.phase} phase${e.plannedMs > 0 ? `, ${humanDuration(e.plannedMs)} planned` : ''}`,
  'target.started': (e) => `target ${e.target} started as pid ${e.pid}`,
  'target.ready': (e) => `target ${e.target} is ready after ${humanDuration(e.afterMs)}`,
  'target.exited': (e) =>
    `target ${e.target} (pid ${e.pid}) exited ${exitWords(e.code, e.signal)}${e.expected ? ', as expected' : ''}`,
  'target.replaced': (e) =>
    `target ${e.target} is now pid ${e.newPid}, was ${e.oldPid}${e.expected ? ', as expected' : ''}`,
  'history.warmed': (e) => warmedWords(e),
  'steady.held': () => 'steady: every objective holds and no listed alert is active',
  'steady.failed': (e) => `not steady, so nothing is injected: ${e.reasons.join('; ')}`,
  'fault.injecting': (e) => `injecting ${e.fault} (${e.kind}) into ${e.targets.join(', ')} by ${e.driver}`,
  'fault.injected': (e) => `fault ${e.fault} is in place`,
  'fault.failed': (e) => `fault ${e.fault} could not be injected: ${e.reason}`,
  'fault.hits': (e) => `fault ${e.fault} has ${hitWords(e.hits)}`,
  'fault.undoing': (e) => `undoing ${e.fault}, ${undoWords[e.why]}`,
  'fault.undone': (e) => `fault ${e.fault} is undone with ${hitWords(e.hits)}; verified: ${e.verified}`,
  'fault.spent': (e) => `fault ${e.fault} is done with ${hitWords(e.hits)}; there is nothing to undo`,
  'fault.no-effect': (e) => `fault ${e.fault} is not in place: ${e.reason}`,
  'activity.started': (e) => `${partWords[e.part]}${e.activityType} ${e.activity} begins`,
  'activity.ended': (e) => `${partWords[e.part]}${e.activityType} ${e.activity} ${e.status}: ${e.detail}`,
  'hypothesis.checked': (e) =>
    `the hypothesis ${e.when} the method is ${e.met ? 'met' : `not met: ${unmetWords(e.probes)}`}`,
  'fault.stuck': (e) => `fault ${e.fault} could not be undone; left behind: ${e.left.join('; ')}`,
  'workflow.node': (e) =>
    `${e.nodeType} ${e.node} ${nodeWords[e.state]}${e.detail === undefined ? '' : `: ${e.detail}`}`,
  'objective.breached': (e, quantityOf) =>
    `objective ${e.objective} is broken${valueWords(e.value, quantityOf(e.objective))}`,
  'objective.recovered': (e, quantityOf) =>
    `objective ${e.objective} holds again${valueWords(e.value, quantityOf(e.objective))}`,
  'alert.pending': (e) => alertWords(e, 'is pending'),
  'alert.firing': (e) => alertWords(e, 'is firing'),
  'alert.resolved': (e) => alertWords(e, 'is resolved'),
  'alert.dropped': (e) => alertWords(e, 'is no longer pending and never fired'),
  'alert.grouped': (e) =>
    alertWords(e, `${e.opens ? 'opens' : 'joins'} a notification group of ${e.receiver}`),
  'alert.suppressed': (e) => alertWords(e, `is held back from ${e.receiver}, ${e.reason} by ${e.by}`),
  'group.flushed': (e) => `due (${e.reason}): ${notificationWords(e)}`,
  'notification.captured': (e) => `captured: ${notificationWords(e)}`,
  'notification.delivered': (e) => `delivered: ${notificationWords(e)}`,
  'notification.failed': (e) =>
    `not delivered after ${e.attempts} ${e.attempts === 1 ? 'attempt' : 'attempts'}: ${notificationWords(e)}: ${e.reason}`,
  'rule.failed': (e) => `rule ${e.rule} of group ${e.group} failed: ${e.reason}`,
  'source.failed': (e) => `cannot read ${e.source}: ${e.reason}`,
  'source.recovered': (e) => `${e.source} can be read again`,
  'stop.triggered': (e) => `stopping: ${stopWords[e.by]}${e.reason === '' ? '' : `: ${e.reason}`}`,
  disturbance: (e) => `disturbed by another hand: ${e.what}`,
  warning: (e) => `warning: ${e.message}`,
  'run.ended': (e) => `run ended: ${outcomeWords[e.outcome]}${e.reason ? `: ${e.reason}` : ''}`,
};

const partWords = {
  configuration: 'configuration: ',
  hypothesis: '',
  method: '',
  rollbacks: 'rollback: ',
} as const;

const undoWords = {
  duration: 'its time is over',
  stopped: 'the run is being stopped',
  error: 'the run met an error',
} as const;

const nodeWords = {
  started: 'begins',
  accomplished: 'is done',
  deadline: 'is ended by its deadline',
  stopped: 'is stopped with the run',
  failed: 'failed',
  missed: 'misses a start',
  decided: 'says',
} as const;

const stopWords = {
  condition: 'a stop condition is true',
  blind: 'a stop condition can no longer be seen',
  user: 'asked by the user',
  limit: 'a limit is reached',
} as const;

const outcomeWords = {
  completed: 'completed',
  stopped: 'stopped',
  'not-steady': 'the system was not steady',
  error: 'error',
} as const;

function unmetWords(probes: EventOf<'hypothesis.checked'>['probes']): string {
  return probes
    .filter(({ met }) => !met)
    .map(({ name, reason }) => `${name}: ${reason}`)
    .join('; ');
}

function exitWords(code: number | null, signal: string | null): string {
  return signal === null ? `with code ${code ?? 'unknown'}` : `by ${signal}`;
}

function hitWords(hits: number | undefined): string {
  if (hits === undefined) return 'hits that cannot be counted';
  return hits === 1 ? '1 hit' : `${hits} hits`;
}

function valueWords(value: number | null, quantity: QuantityWords): string {
  return value === null ? '' : ` at ${quantity(value)}`;
}

/** The labels come last: where a line is cut short, what happened is still there. */
function alertWords(alert: AlertRef, what: string): string {
  return `alert ${alert.alert} ${what}${labelWords(alert.labels)}`;
}

function notificationWords(event: NotificationEvent): string {
  const names = [
    ...new Set(event.alerts.map((alert) => alert.labels.alertname ?? 'an alert without a name')),
  ];
  const type = event.integration.replace(/\[.*/, '');
  // Who listens at a webhook is not known from its type.
  const by = type === 'webhook' ? '' : ` by ${type}`;
  return `${event.receiver} is told${by} that ${names.join(', ')} ${names.length > 1 ? 'are' : 'is'} ${event.status}`;
}

/** ` {job="app"}` without the name of the alert; '' when nothing is left. */
export function labelWords(labels: LabelRecord): string {
  const pairs = Object.entries(labels)
    .filter(([name]) => name !== 'alertname')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? '' : ` {${pairs.join(', ')}}`;
}

/** The parts of a run that events are filtered by. */
export type EventTopic =
  | 'run'
  | 'target'
  | 'fault'
  | 'hits'
  | 'objective'
  | 'alert'
  | 'notification'
  | 'trouble';

const topics: Readonly<Record<string, EventTopic>> = {
  run: 'run',
  phase: 'run',
  steady: 'run',
  target: 'target',
  fault: 'fault',
  workflow: 'fault',
  activity: 'fault',
  hypothesis: 'objective',
  objective: 'objective',
  alert: 'alert',
  notification: 'notification',
  rule: 'trouble',
  source: 'trouble',
  stop: 'trouble',
  disturbance: 'trouble',
  warning: 'trouble',
};

export function topicOf(event: TimelineEvent): EventTopic {
  // One reading a second: enough of them to hide everything else.
  if (event.type === 'fault.hits') return 'hits';
  return topics[event.type.split('.')[0]!] ?? 'run';
}
