// Microsoft Teams' connectors, as a message card.
// https://learn.microsoft.com/en-us/outlook/actionable-messages/message-card-reference

import { exchange, jsonRequest } from './http-exchange.ts';
import type { Integration } from './notifier.ts';

const colors = { firing: '8C1A1A', resolved: '2DC72D' } as const;

const defaults = {
  title: '{{ template "msteams.default.title" . }}',
  summary: '{{ template "msteams.default.summary" . }}',
  text: '{{ template "msteams.default.text" . }}',
};

const accepted = { status: 200, contentType: 'text/plain; charset=utf-8', body: '1' };

export const msteams: Integration = (given) => {
  const settings = given.withDefaults(defaults);
  return async ({ text, status }, line) => {
    const card = {
      '@context': 'http://schema.org/extensions',
      type: 'MessageCard',
      title: text(settings.text('title')),
      summary: text(settings.text('summary')),
      text: text(settings.text('text')),
      themeColor: colors[status],
    };
    const url = await settings.secretUrl('webhook_url', line);
    await exchange(jsonRequest(url, card, accepted), line);
  };
};
