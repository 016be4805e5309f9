// Telegram's sendMessage. https://core.telegram.org/bots/api#sendmessage

import { jsonAnswer, jsonRequest, readJson } from './http-exchange.ts';
import { type Integration, type Notification, NotificationFailure } from './notifier.ts';
import type { Settings } from './settings.ts';
import { truncateCharacters } from './truncate.ts';

const messageCharactersMax = 4096;
/** Instead of HTML that would be cut in the middle of a tag. */
const tooLong = `Alertmanager notification could not be sent: message length exceeds Telegram limits.
			Please check the template used for producing the message content.`;

const defaults = {
  api_url: 'https://api.telegram.org',
  message: '{{ template "telegram.default.message" . }}',
  parse_mode: 'HTML',
};

export const telegram: Integration = (given) => {
  const settings = given.withDefaults(defaults);
  return async (notification, line) => {
    const url = settings.url('api_url');
    const token = await settings.secret('bot_token', line);
    url.pathname = `${url.pathname.replace(/\/$/, '')}/bot${token}/sendMessage`;
    const chat = await settings.secret('chat_id', line);
    const thread = settings.number('message_thread_id');
    const message = {
      chat_id: chat,
      text: messageOf(settings, notification),
      disable_web_page_preview: 'true',
      ...(settings.flag('disable_notifications') && { disable_notification: 'true' }),
      ...(settings.text('parse_mode') !== '' && { parse_mode: settings.text('parse_mode') }),
      ...(thread !== 0 && { message_thread_id: String(thread) }),
    };
    const accepted = jsonAnswer(200, {
      ok: true,
      result: { message_id: 1, date: 0, chat: { id: Number(chat), type: 'group' }, text: message.text },
    });
    const answer = await line.send(jsonRequest(url, message, accepted));
    const { ok, description } = readJson(answer, 'Telegram');
    // Alertmanager tries again whatever Telegram's reason is.
    if (ok !== true)
      throw new NotificationFailure(`telegram: ${String(description)} (${answer.status})`, true);
  };
};

function messageOf(settings: Settings, { text, html }: Notification): string {
  if (settings.text('parse_mode') !== 'HTML')
    return truncateCharacters(text(settings.text('message')), messageCharactersMax);
  const message = html(settings.text('message'));
  return [...message].length > messageCharactersMax ? tooLong : message;
}
