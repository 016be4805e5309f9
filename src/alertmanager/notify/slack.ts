// Slack's incoming webhooks and chat.postMessage, with one attachment.
// https://docs.slack.dev/messaging/formatting-message-text

import { exchange, jsonAnswer, jsonRequest, omitEmpty, plainOk, readJson } from './http-exchange.ts';
import {
  type Answer,
  type Integration,
  type Line,
  type Notification,
  NotificationFailure,
} from './notifier.ts';
import type { Settings } from './settings.ts';
import { truncateCharacters } from './truncate.ts';

const titleCharactersMax = 1024;
/** Messages that may be updated are remembered for so many groups. */
const remembered = 20_000;

const defaults = {
  color: '{{ template "slack.default.color" . }}',
  username: '{{ template "slack.default.username" . }}',
  title: '{{ template "slack.default.title" . }}',
  title_link: '{{ template "slack.default.titlelink" . }}',
  icon_emoji: '{{ template "slack.default.iconemoji" . }}',
  icon_url: '{{ template "slack.default.iconurl" . }}',
  pretext: '{{ template "slack.default.pretext" . }}',
  text: '{{ template "slack.default.text" . }}',
  fallback: '{{ template "slack.default.fallback" . }}',
  callback_id: '{{ template "slack.default.callbackid" . }}',
  footer: '{{ template "slack.default.footer" . }}',
  app_url: 'https://slack.com/api/chat.postMessage',
};

interface Posted {
  readonly channel: string;
  readonly ts: string;
}

export const slack: Integration = (given) => {
  const settings = given.withDefaults(defaults);
  const posted = new Map<string, Posted>();
  return async (notification, line) => {
    const before = settings.flag('update_message') ? posted.get(notification.groupKey) : undefined;
    const { url, headers } = await addressee(settings, line, before !== undefined);
    const message = { ...messageOf(settings, notification), ...before };
    const isApi = url.pathname.startsWith('/api/');
    const accepted = isApi ? jsonAnswer(200, { ok: true, channel: 'C0CAPTURED', ts: '1.000001' }) : plainOk;
    const answer = await exchange(jsonRequest(url, message, accepted, { headers }), line);
    const told = check(answer);
    if (!settings.flag('update_message') || !told) return;
    if (posted.size >= remembered) posted.clear();
    posted.set(notification.groupKey, told);
  };
};

async function addressee(
  settings: Settings,
  line: Line,
  update: boolean,
): Promise<{ url: URL; headers: Record<string, string> }> {
  const token = await settings.secret('app_token', line);
  const url = token === '' ? await settings.secretUrl('api_url', line) : settings.url('app_url');
  return {
    url: update ? new URL('https://slack.com/api/chat.update') : url,
    headers: token === '' ? {} : { authorization: `Bearer ${token}` },
  };
}

function messageOf(settings: Settings, { text }: Notification): Record<string, unknown> {
  const expanded = (key: string): string => text(settings.text(key));
  const markdownIn = settings.texts('mrkdwn_in');
  return {
    ...omitEmpty({
      channel: expanded('channel'),
      username: expanded('username'),
      icon_emoji: expanded('icon_emoji'),
      icon_url: expanded('icon_url'),
      link_names: settings.flag('link_names'),
      text: expanded('message_text'),
    }),
    attachments: [
      {
        ...omitEmpty({
          title: truncateCharacters(expanded('title'), titleCharactersMax),
          title_link: expanded('title_link'),
          pretext: expanded('pretext'),
          fields: fieldsOf(settings, text),
          actions: settings.list('actions').map((action) => actionOf(action, text)),
          image_url: expanded('image_url'),
          thumb_url: expanded('thumb_url'),
          color: expanded('color'),
        }),
        text: expanded('text'),
        fallback: expanded('fallback'),
        callback_id: expanded('callback_id'),
        footer: expanded('footer'),
        mrkdwn_in: markdownIn.length > 0 ? markdownIn : ['fallback', 'pretext', 'text'],
      },
    ],
  };
}

/** Title, value and whether two stand side by side; Rocket.Chat has the same. */
export function fieldsOf(settings: Settings, text: (template: string) => string): object[] {
  return settings.list('fields').map((field) => ({
    title: text(field.text('title')),
    value: text(field.text('value')),
    short: field.flag('short', settings.flag('short_fields')),
  }));
}

function actionOf(action: Settings, text: (template: string) => string): object {
  const expanded = (from: Settings, keys: readonly string[]): object =>
    omitEmpty(Object.fromEntries(keys.map((key) => [key, text(from.text(key))])));
  const common = expanded(action, ['type', 'text', 'style']);
  // A button that opens an address needs no answer, so what would be sent back is left out.
  if (action.has('url')) return { ...common, url: text(action.text('url')) };
  const confirm = action.map('confirm');
  return {
    ...common,
    ...expanded(action, ['name', 'value']),
    ...(confirm && { confirm: expanded(confirm, ['text', 'title', 'ok_text', 'dismiss_text']) }),
  };
}

/** Webhooks say `ok`; the API says in JSON whether it is, also with status 200 when it is not. */
function check(answer: Answer): Posted | undefined {
  if (!answer.contentType.startsWith('application/json')) {
    if (answer.body === 'ok') return undefined;
    throw new NotificationFailure(`error response from Slack: ${answer.body.slice(0, 300)}`, false);
  }
  const { ok, error, channel, ts } = readJson(answer, 'Slack');
  if (ok !== true) throw new NotificationFailure(`error response from Slack: ${String(error)}`, false);
  return typeof channel === 'string' && typeof ts === 'string' && ts !== '' ? { channel, ts } : undefined;
}
