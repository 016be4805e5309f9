// PagerDuty: Events API v2 with a routing key, the generic events API (v1) with a service key.
// https://developer.pagerduty.com/docs/send-alert-event

import { goJson } from '../../rules/templates/json.ts';
import { exchange, groupHash, jsonAnswer, jsonRequest, omitEmpty } from './http-exchange.ts';
import { type Integration, type Notification, NotificationFailure } from './notifier.ts';
import type { Settings } from './settings.ts';
import { truncateCharacters } from './truncate.ts';

const eventBytesMax = 512_000;
const summaryCharactersMax = 1024;
const v1Url = 'https://events.pagerduty.com/generic/2010-04-15/create_event.json';

const defaults = {
  url: 'https://events.pagerduty.com/v2/enqueue',
  description: '{{ template "pagerduty.default.description" .}}',
  client: '{{ template "pagerduty.default.client" . }}',
  client_url: '{{ template "pagerduty.default.clientURL" . }}',
};

const defaultDetails = {
  firing: '{{ .Alerts.Firing | toJson }}',
  resolved: '{{ .Alerts.Resolved | toJson }}',
  num_firing: '{{ .Alerts.Firing | len }}',
  num_resolved: '{{ .Alerts.Resolved | len }}',
};

type Details = Readonly<Record<string, unknown>>;

export const pagerduty: Integration = (given) => {
  const settings = given.withDefaults(defaults);
  const isV1 = settings.has('service_key') || settings.has('service_key_file');
  return async (notification, line) => {
    const name = isV1 ? 'service_key' : 'routing_key';
    const key = notification.text(await settings.secret(name, line));
    if (key === '') throw new NotificationFailure(`${name} is empty`, false);
    const details = { ...defaultDetails, ...(settings.raw('details') as Details | null | undefined) };
    const build = (shown: Details): object =>
      isV1 ? eventV1(settings, notification, key, shown) : eventV2(settings, notification, key, shown);
    const expanded = notification.tree(details) as Details;
    const event = limited(build, expanded);
    const accepted = isV1
      ? jsonAnswer(200, {
          status: 'success',
          message: 'Event processed',
          incident_key: groupHash(notification.groupKey),
        })
      : jsonAnswer(202, {
          status: 'success',
          message: 'Event processed',
          dedup_key: groupHash(notification.groupKey),
        });
    const url = isV1 ? new URL(v1Url) : settings.url('url');
    // Which status means "too many events": https://developer.pagerduty.com/docs/events-api-v2-overview
    await exchange(jsonRequest(url, event, accepted), line, [isV1 ? 403 : 429]);
  };
};

/** PagerDuty refuses larger events; the details are what can be done without. */
function limited(build: (details: Details) => object, details: Details): object {
  const event = build(details);
  if (Buffer.byteLength(goJson(event)) + 1 <= eventBytesMax) return event;
  return build({
    error: 'Custom details have been removed because the original event exceeds the maximum size of 512KB',
  });
}

function actionOf({ status }: Notification): 'trigger' | 'resolve' {
  return status === 'firing' ? 'trigger' : 'resolve';
}

function eventV1(settings: Settings, notification: Notification, key: string, details: Details): object {
  const { text, groupKey } = notification;
  const action = actionOf(notification);
  return {
    ...omitEmpty({
      service_key: key,
      incident_key: groupHash(groupKey),
      event_type: action,
      description: truncateCharacters(text(settings.text('description')), summaryCharactersMax),
      client: action === 'trigger' ? text(settings.text('client')) : '',
      client_url: action === 'trigger' ? text(settings.text('client_url')) : '',
    }),
    event_action: '',
    payload: null,
    details,
  };
}

function eventV2(settings: Settings, notification: Notification, key: string, details: Details): object {
  const { text, groupKey } = notification;
  const expanded = (name: string): string => text(settings.text(name));
  const many = (name: string, keys: readonly string[], needed: string): object[] =>
    settings
      .list(name)
      .map((item) => Object.fromEntries(keys.map((inner) => [inner, text(item.text(inner))])))
      .filter((item) => item[needed] !== '');
  return {
    ...omitEmpty({
      routing_key: key,
      dedup_key: groupHash(groupKey),
      client: expanded('client'),
      client_url: expanded('client_url'),
      images: many('images', ['src', 'alt', 'href'], 'src'),
      links: many('links', ['href', 'text'], 'href'),
    }),
    event_action: actionOf(notification),
    payload: {
      summary: truncateCharacters(expanded('description'), summaryCharactersMax),
      source: text(settings.text('source') || settings.text('client')),
      severity: text(settings.text('severity') || 'error'),
      ...omitEmpty({ class: expanded('class'), component: expanded('component'), group: expanded('group') }),
      custom_details: details,
    },
  };
}
