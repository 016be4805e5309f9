// Rocket.Chat's chat.postMessage. https://developer.rocket.chat/apidocs/post-message

import { exchange, jsonAnswer, jsonRequest, omitEmpty, readJson } from './http-exchange.ts';
import { type Integration, type Notification, NotificationFailure } from './notifier.ts';
import type { Settings } from './settings.ts';
import { fieldsOf } from './slack.ts';
import { truncateCharacters } from './truncate.ts';

const titleCharactersMax = 1024;

const defaults = {
  api_url: 'https://open.rocket.chat/',
  color: '{{ if eq .Status "firing" }}red{{ else }}green{{ end }}',
  emoji: '{{ template "rocketchat.default.emoji" . }}',
  icon_url: '{{ template "rocketchat.default.iconurl" . }}',
  text: '{{ template "rocketchat.default.text" . }}',
  title: '{{ template "rocketchat.default.title" . }}',
  title_link: '{{ template "rocketchat.default.titlelink" . }}',
};

export const rocketchat: Integration = (given) => {
  const settings = given.withDefaults(defaults);
  return async (notification, line) => {
    const url = new URL('api/v1/chat.postMessage', settings.base('api_url'));
    const headers = {
      'x-auth-token': await settings.secret('token', line),
      'x-user-id': await settings.secret('token_id', line),
    };
    const request = jsonRequest(url, messageOf(settings, notification), jsonAnswer(200, { success: true }), {
      headers,
    });
    const { success, error } = readJson(await exchange(request, line), 'Rocket.Chat');
    if (success !== true)
      throw new NotificationFailure(`error response from Rocket.Chat: ${String(error)}`, false);
  };
};

function messageOf(settings: Settings, { text }: Notification): object {
  const expanded = (name: string): string => text(settings.text(name));
  const attachment = omitEmpty({
    title: truncateCharacters(expanded('title'), titleCharactersMax),
    title_link: expanded('title_link'),
    text: expanded('text'),
    image_url: expanded('image_url'),
    thumb_url: expanded('thumb_url'),
    color: expanded('color'),
    fields: fieldsOf(settings, text),
    actions: settings.list('actions').map((action) => ({
      type: 'button',
      ...omitEmpty({
        text: text(action.text('text')),
        url: text(action.text('url')),
        msg: text(action.text('msg')),
      }),
      is_webview: false,
      msg_in_chat_window: false,
    })),
  });
  return {
    ...omitEmpty({
      channel: expanded('channel'),
      emoji: expanded('emoji'),
      avatar: expanded('icon_url'),
    }),
    attachments: [attachment],
  };
}
