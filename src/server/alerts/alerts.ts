// /api/v2/alerts and /api/v2/alerts/groups.

import { compareAlerts, compareLabelSets, type PostedAlert } from '../../alertmanager/alert.ts';
import { defaultDispatcherLimits } from '../../alertmanager/dispatch/dispatcher.ts';
import type { AlertStatus } from '../../alertmanager/dispatch/restraint.ts';
import { isLabelName } from '../../alertmanager/matcher/parse.ts';
import { Labels } from '../../base/labels.ts';
import { matchesAll } from '../../base/matcher.ts';
import type { LabelLimits } from '../../telemetry/metrics/scrape-spec.ts';
import type { Answer } from '../http/answer.ts';
import type { ApiRequest } from '../http/request.ts';
import { alertJson } from './alert-json.ts';
import type { Alertmanager } from './alertmanager.ts';
import { empty, json, RefusedRequest } from './answers.ts';
import { Fields, readJson } from './body.ts';
import { filterParameters, flagParameter, receiverParameter } from './parameters.ts';

export interface PostLimits {
  readonly bytesMax: number;
  readonly labels: LabelLimits;
}

/** An alert whose name or value is no label of Alertmanager's is refused alone; the others of the body are taken. */
export async function postAlerts(
  alertmanager: Alertmanager,
  request: ApiRequest,
  { bytesMax, labels }: PostLimits,
): Promise<Answer> {
  const body = await readJson(request, 'alerts', bytesMax);
  if (!Array.isArray(body)) throw RefusedRequest.unreadable('alerts', 'it is no list');
  const { alertsMax } = defaultDispatcherLimits;
  if (body.length > alertsMax) throw RefusedRequest.of(400, `more than ${alertsMax} alerts: ${body.length}`);
  const posted = body.map((each, i) => postedAlert(each, `${i}.`));
  const refusals = new Set<string>();
  const valid = posted.filter((alert) => {
    const refusal = refusalOf(alert, labels);
    if (refusal !== undefined) refusals.add(refusal);
    return refusal === undefined;
  });
  const dropped = alertmanager.receive(valid);
  if (dropped > 0)
    throw RefusedRequest.of(500, `${dropped} alerts were not taken: there are as many as the limits allow`);
  if (refusals.size > 0) throw RefusedRequest.of(400, [...refusals].join('\n'));
  return empty(200);
}

function postedAlert(value: unknown, path: string): PostedAlert {
  const fields = new Fields(value, 'alerts', path);
  const labels = fields.texts('labels');
  if (!labels) throw fields.missing('labels');
  const generatorUrl = fields.text('generatorURL') ?? '';
  if (generatorUrl !== '' && !generatorUrl.startsWith('/') && !URL.canParse(generatorUrl))
    throw RefusedRequest.notOfType(`${path}generatorURL in body`, 'uri', generatorUrl);
  const [startsAt, endsAt] = [fields.time('startsAt'), fields.time('endsAt')];
  return {
    labels: Labels.from(labels),
    annotations: fields.texts('annotations') ?? {},
    ...(startsAt !== undefined && { startsAt }),
    ...(endsAt !== undefined && { endsAt }),
    generatorUrl,
  };
}

/** What is wrong with an alert, in Alertmanager's words where it has any. */
function refusalOf(
  { labels, annotations, startsAt, endsAt }: PostedAlert,
  limits: LabelLimits,
): string | undefined {
  if (startsAt !== undefined && endsAt !== undefined && endsAt < startsAt)
    return 'start time must be before end time';
  if (labels.pairs.length === 0) return 'at least one label pair required';
  const inLabels = pairsRefusal(labels.pairs, limits);
  if (inLabels !== undefined) return `invalid label set: ${inLabels}`;
  const inAnnotations = pairsRefusal(Object.entries(annotations), limits);
  return inAnnotations === undefined ? undefined : `invalid annotations: ${inAnnotations}`;
}

function pairsRefusal(
  pairs: readonly (readonly [string, string])[],
  { count, nameBytes, valueBytes }: LabelLimits,
): string | undefined {
  if (pairs.length > count) return `${pairs.length} of them, more than the limit of ${count}`;
  for (const [name, value] of pairs) {
    if (!isLabelName(name, 'fallback')) return `invalid name ${JSON.stringify(name.slice(0, 100))}`;
    if (name.length > nameBytes) return `a name of more than ${nameBytes} bytes`;
    if (value.length > valueBytes) return `a value of more than ${valueBytes} bytes: ${name}`;
  }
  return undefined;
}

export function getAlerts(alertmanager: Alertmanager, { parameters }: ApiRequest): Answer {
  const { now, dispatcher } = alertmanager;
  const wanted = alertFilter(alertmanager, parameters);
  const isMeant = receiverParameter(parameters);
  const alerts = dispatcher.activeAlerts(now).flatMap((alert) => {
    const status = wanted(alert.labels);
    if (!status) return [];
    const receivers = alertmanager.receiversOf(alert.labels);
    return receivers.some(isMeant) ? [alertJson(alert, status, receivers, [])] : [];
  });
  return json(alerts.sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)));
}

export function getAlertGroups(alertmanager: Alertmanager, { parameters }: ApiRequest): Answer {
  const { now, dispatcher } = alertmanager;
  const wanted = alertFilter(alertmanager, parameters);
  const isMeant = receiverParameter(parameters);
  const showsMuted = flagParameter(parameters, 'muted');
  const groups = dispatcher
    .groups(now)
    .filter(({ route }) => isMeant(route.receiver))
    .map(({ route, labels, alerts }) => ({ route, labels, alerts, mutedBy: dispatcher.mutedBy(route, now) }))
    .filter(({ mutedBy }) => showsMuted || mutedBy.length === 0)
    .sort((a, b) => compareLabelSets(a.labels, b.labels) || (a.route.receiver < b.route.receiver ? -1 : 1));
  return json(
    groups.flatMap(({ route, labels, alerts, mutedBy }) => {
      const shown = [...alerts].sort(compareAlerts).flatMap((alert) => {
        const status = wanted(alert.labels);
        if (!status) return [];
        return [alertJson(alert, status, alertmanager.receiversOf(alert.labels).sort(), mutedBy)];
      });
      if (shown.length === 0) return [];
      return [{ alerts: shown, labels: labels.toRecord(), receiver: { name: route.receiver } }];
    }),
  );
}

/** The status of an alert that is asked for; undefined for others. */
function alertFilter(
  { now, dispatcher }: Alertmanager,
  parameters: URLSearchParams,
): (labels: Labels) => AlertStatus | undefined {
  const matchers = filterParameters(parameters);
  const [active, silenced, inhibited] = ['active', 'silenced', 'inhibited'].map((name) =>
    flagParameter(parameters, name),
  );
  return (labels) => {
    if (!matchesAll(matchers, labels)) return undefined;
    const status = dispatcher.statusOf(labels, now);
    const isSilenced = status.silencedBy.length > 0;
    const isInhibited = status.inhibitedBy !== undefined;
    if (!active && !isSilenced && !isInhibited) return undefined;
    if ((!silenced && isSilenced) || (!inhibited && isInhibited)) return undefined;
    return status;
  };
}
