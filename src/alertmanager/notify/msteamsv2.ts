// Microsoft Teams' workflows, as an adaptive card.
// https://learn.microsoft.com/en-us/connectors/teams/#adaptivecarditemschema

import { exchange, jsonRequest } from './http-exchange.ts';
import type { Integration } from './notifier.ts';

const colors = { firing: 'Attention', resolved: 'Good' } as const;

const defaults = {
  title: '{{ template "msteamsv2.default.title" . }}',
  text: '{{ template "msteamsv2.default.text" . }}',
};

const accepted = { status: 202, contentType: 'text/plain', body: '' };

export const msteamsv2: Integration = (given) => {
  const settings = given.withDefaults(defaults);
  return async ({ text, status }, line) => {
    const body = [
      {
        type: 'TextBlock',
        text: text(settings.text('title')),
        weight: 'Bolder',
        size: 'Medium',
        wrap: true,
        style: 'heading',
        color: colors[status],
      },
      { type: 'TextBlock', text: text(settings.text('text')), wrap: true },
    ];
    const content = {
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.2',
      body,
      msteams: { width: 'full' },
    };
    const message = {
      type: 'message',
      attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
    };
    const url = await settings.secretUrl('webhook_url', line);
    await exchange(jsonRequest(url, message, accepted), line);
  };
};
