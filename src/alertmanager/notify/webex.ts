// Webex messages. https://developer.webex.com/docs/api/v1/messages/create-a-message

import { exchange, jsonAnswer, jsonRequest, omitEmpty } from './http-exchange.ts';
import type { Integration } from './notifier.ts';
import { truncateBytes } from './truncate.ts';

const messageBytesMax = 7439;

const defaults = {
  api_url: 'https://webexapis.com/v1/messages',
  message: '{{ template "webex.default.message" . }}',
};

export const webex: Integration = (given) => {
  const settings = given.withDefaults(defaults);
  return async ({ text }, line) => {
    const message = {
      markdown: truncateBytes(text(settings.text('message')), messageBytesMax),
      ...omitEmpty({ roomId: text(settings.text('room_id')) }),
    };
    await exchange(jsonRequest(settings.url('api_url'), message, jsonAnswer(200, { id: 'captured' })), line);
  };
};
