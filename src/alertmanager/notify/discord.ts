// Discord's webhooks, with one embed. https://discord.com/developers/docs/resources/webhook#execute-webhook

import { exchange, jsonRequest, omitEmpty } from './http-exchange.ts';
import type { Integration } from './notifier.ts';
import { truncateCharacters } from './truncate.ts';

const charactersMax = { content: 2000, title: 256, description: 4096 } as const;
const colors = { firing: 0x992d22, resolved: 0x2ecc71 } as const;

const defaults = {
  content: '{{ template "discord.default.content" . }}',
  title: '{{ template "discord.default.title" . }}',
  message: '{{ template "discord.default.message" . }}',
};

/** Discord says nothing about a message that it has taken. */
const accepted = { status: 204, contentType: 'text/plain', body: '' };

export const discord: Integration = (given) => {
  const settings = given.withDefaults(defaults);
  return async ({ text, status }, line) => {
    const avatar = settings.text('avatar_url');
    const message = {
      content: truncateCharacters(text(settings.text('content')), charactersMax.content),
      embeds: [
        {
          title: truncateCharacters(text(settings.text('title')), charactersMax.title),
          description: truncateCharacters(text(settings.text('message')), charactersMax.description),
          color: colors[status],
        },
      ],
      ...omitEmpty({ username: settings.text('username'), avatar_url: avatar }),
    };
    const url = await settings.secretUrl('webhook_url', line);
    await exchange(jsonRequest(url, message, accepted), line);
  };
};
