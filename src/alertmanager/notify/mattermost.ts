// Mattermost's incoming webhooks. https://developers.mattermost.com/integrate/webhooks/incoming/

import { exchange, jsonRequest, omitEmpty, plainOk } from './http-exchange.ts';
import type { Integration, Notification } from './notifier.ts';
import type { Settings } from './settings.ts';
import { truncateCharacters } from './truncate.ts';

const textCharactersMax = 16_383;
const priorities = ['urgent', 'important', 'standard'];

const defaults = {
  username: '{{ template "mattermost.default.username" . }}',
  color: '{{ template "mattermost.default.color" . }}',
  text: '{{ template "mattermost.default.text" . }}',
  title: '{{ template "mattermost.default.title" . }}',
  title_link: '{{ template "mattermost.default.titlelink" . }}',
  fallback: '{{ template "mattermost.default.fallback" . }}',
};

const attachmentKeys = [
  'fallback',
  'color',
  'pretext',
  'text',
  'author_name',
  'author_link',
  'author_icon',
  'title',
  'title_link',
  'thumb_url',
  'footer',
  'footer_icon',
  'image_url',
];

export const mattermost: Integration = (given) => {
  const settings = given.withDefaults(defaults);
  return async (notification, line) => {
    const url = await settings.secretUrl('webhook_url', line);
    await exchange(jsonRequest(url, messageOf(settings, notification), plainOk), line);
  };
};

function messageOf(settings: Settings, { text }: Notification): object {
  const expanded = (name: string): string => text(settings.text(name));
  const attachments = settings.list('attachments');
  const card = text(settings.map('props')?.text('card') ?? '');
  return omitEmpty({
    // Without attachments of its own the text is the one attachment's.
    text: attachments.length > 0 ? truncateCharacters(expanded('text'), textCharactersMax) : '',
    channel: expanded('channel'),
    username: expanded('username'),
    icon_url: expanded('icon_url'),
    icon_emoji: expanded('icon_emoji'),
    attachments: (attachments.length > 0 ? attachments : [settings]).map((from) => attachmentOf(from, text)),
    type: expanded('type'),
    props: card === '' ? undefined : { card },
    priority: priorityOf(settings.map('priority'), text),
  });
}

function attachmentOf(from: Settings, text: Notification['text']): object {
  const fields = from.list('fields').map((field) => ({
    title: text(field.text('title')),
    value: text(field.text('value')),
    ...(field.has('short') && { short: field.flag('short') }),
  }));
  const texts = Object.fromEntries(attachmentKeys.map((key) => [key, text(from.text(key))]));
  return omitEmpty({ ...texts, fields });
}

/** Only an urgent message may insist, and one of standard priority asks for no acknowledgement. */
function priorityOf(given: Settings | undefined, text: Notification['text']): object | undefined {
  if (!given?.has('priority')) return undefined;
  const asked = text(given.text('priority')).toLowerCase();
  const priority = priorities.includes(asked) ? asked : 'standard';
  return {
    priority,
    ...omitEmpty({
      requested_ack: given.flag('requested_ack') && priority !== 'standard',
      persistent_notifications: given.flag('persistent_notifications') && priority === 'urgent',
    }),
  };
}
