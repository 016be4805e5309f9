// Pushover: everything stands in the query. https://pushover.net/api

import { exchange, jsonAnswer } from './http-exchange.ts';
import type { Integration, Notification } from './notifier.ts';
import type { Settings } from './settings.ts';
import { truncateCharacters } from './truncate.ts';

const charactersMax = { title: 250, message: 1024, url: 512 } as const;

const defaults = {
  title: '{{ template "pushover.default.title" . }}',
  message: '{{ template "pushover.default.message" . }}',
  url: '{{ template "pushover.default.url" . }}',
  // Emergencies are repeated until somebody answers.
  priority: '{{ if eq .Status "firing" }}2{{ else }}0{{ end }}',
  retry: '1m',
  expire: '1h',
};

export const pushover: Integration = (given) => {
  const settings = given.withDefaults(defaults);
  return async (notification, line) => {
    const { text } = notification;
    const url = new URL('https://api.pushover.net/1/messages.json');
    const parameters = {
      token: text(await settings.secret('token', line)),
      user: text(await settings.secret('user_key', line)),
      ...parametersOf(settings, notification),
    };
    url.search = new URLSearchParams(parameters).toString();
    await exchange(
      {
        method: 'POST',
        url,
        headers: { 'content-type': 'text/plain' },
        body: undefined,
        accepted: jsonAnswer(200, { status: 1, request: 'captured' }),
      },
      line,
    );
  };
};

function parametersOf(settings: Settings, notification: Notification): Record<string, string> {
  const expanded = (name: string): string => notification.text(settings.text(name));
  const seconds = (name: string): string => String(Math.trunc(settings.durationMs(name) / 1000));
  const ttl = seconds('ttl');
  return {
    title: truncateCharacters(expanded('title'), charactersMax.title),
    ...(settings.flag('html') && { html: '1' }),
    ...(settings.flag('monospace') && { monospace: '1' }),
    message: messageOf(settings, notification),
    url: truncateCharacters(expanded('url'), charactersMax.url),
    url_title: expanded('url_title'),
    priority: expanded('priority'),
    retry: seconds('retry'),
    expire: seconds('expire'),
    device: expanded('device'),
    sound: expanded('sound'),
    ...(Number(ttl) > 0 && { ttl }),
  };
}

/** Pushover refuses an empty message. */
function messageOf(settings: Settings, { text, html }: Notification): string {
  const message = (settings.flag('html') ? html : text)(settings.text('message'));
  return truncateCharacters(message, charactersMax.message).trim() || '(no details)';
}
