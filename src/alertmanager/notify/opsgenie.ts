// Opsgenie's alert API: an alert is created, perhaps updated, and closed by its alias.
// https://docs.opsgenie.com/docs/alert-api

import { exchange, groupHash, jsonAnswer, jsonRequest, omitEmpty } from './http-exchange.ts';
import type { Integration, Notification, OutgoingRequest } from './notifier.ts';
import type { Settings } from './settings.ts';
import { truncateCharacters } from './truncate.ts';

const messageCharactersMax = 130;

const defaults = {
  api_url: 'https://api.opsgenie.com/',
  message: '{{ template "opsgenie.default.message" . }}',
  description: '{{ template "opsgenie.default.description" . }}',
  source: '{{ template "opsgenie.default.source" . }}',
};

const accepted = jsonAnswer(202, { result: 'Request will be processed', took: 0.1, requestId: 'captured' });

export const opsgenie: Integration = (given) => {
  const settings = given.withDefaults(defaults);
  return async (notification, line) => {
    const key = notification.text(await settings.secret('api_key', line)).trim();
    const headers = { authorization: `GenieKey ${key}` };
    const requests = notification.status === 'resolved' ? [close] : [create];
    if (notification.status === 'firing' && settings.flag('update_alerts'))
      requests.push(updateMessage, updateDescription);
    for (const request of requests) await exchange(request(settings, notification, headers), line, [429]);
  };
};

type Build = (
  settings: Settings,
  notification: Notification,
  headers: Readonly<Record<string, string>>,
) => OutgoingRequest;

const close: Build = (settings, { text, groupKey }, headers) =>
  jsonRequest(byAlias(settings, groupKey, 'close'), { source: text(settings.text('source')) }, accepted, {
    headers,
  });

const create: Build = (settings, notification, headers) => {
  const { text, groupKey, commonLabels } = notification;
  const expanded = (name: string): string => text(settings.text(name));
  const details = Object.fromEntries(settings.pairs('details').map(([name, value]) => [name, text(value)]));
  const alert = {
    ...omitEmpty({
      description: expanded('description'),
      responders: settings.list('responders').flatMap((responder) => respondersOf(responder, text)),
      tags: split(expanded('tags')),
      note: expanded('note'),
      priority: expanded('priority'),
      entity: expanded('entity'),
      actions: split(expanded('actions')),
    }),
    alias: groupHash(groupKey),
    message: messageOf(settings, notification),
    details: { ...commonLabels, ...details },
    source: expanded('source'),
  };
  return jsonRequest(new URL('v2/alerts', settings.base('api_url')), alert, accepted, { headers });
};

const updateMessage: Build = (settings, notification, headers) =>
  jsonRequest(
    byAlias(settings, notification.groupKey, 'message'),
    omitEmpty({ message: messageOf(settings, notification) }),
    accepted,
    { method: 'PUT', headers, aside: true },
  );

const updateDescription: Build = (settings, { text, groupKey }, headers) =>
  jsonRequest(
    byAlias(settings, groupKey, 'description'),
    omitEmpty({ description: text(settings.text('description')) }),
    accepted,
    { method: 'PUT', headers, aside: true },
  );

function messageOf(settings: Settings, { text }: Notification): string {
  return truncateCharacters(text(settings.text('message')), messageCharactersMax);
}

function byAlias(settings: Settings, groupKey: string, action: string): URL {
  const url = new URL(`v2/alerts/${groupHash(groupKey)}/${action}`, settings.base('api_url'));
  url.searchParams.set('identifierType', 'alias');
  return url;
}

/** One that is empty once expanded is left out; the type `teams` stands for a list of names. */
function respondersOf(responder: Settings, text: (template: string) => string): object[] {
  const [id, name, username, type] = ['id', 'name', 'username', 'type'].map((key) =>
    text(responder.text(key)),
  ) as [string, string, string, string];
  if (id === '' && name === '' && username === '' && type === '') return [];
  if (type === 'teams') return split(name).map((team) => ({ name: text(team), type: 'team' }));
  return [{ ...omitEmpty({ id, name, username }), type }];
}

function split(list: string): string[] {
  return list
    .trim()
    .split(',')
    .filter((part) => part !== '');
}
