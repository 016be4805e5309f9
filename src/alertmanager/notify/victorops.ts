// VictorOps (Splunk On-Call), REST endpoint. https://help.splunk.com/en/splunk-on-call

import { exchange, groupHash, jsonAnswer, jsonRequest } from './http-exchange.ts';
import type { Integration, Notification } from './notifier.ts';
import type { Settings } from './settings.ts';
import { truncateCharacters } from './truncate.ts';

const stateMessageCharactersMax = 20_480;

const defaults = {
  api_url: 'https://alert.victorops.com/integrations/generic/20131114/alert/',
  message_type: 'CRITICAL',
  state_message: '{{ template "victorops.default.state_message" . }}',
  entity_display_name: '{{ template "victorops.default.entity_display_name" . }}',
  monitoring_tool: '{{ template "victorops.default.monitoring_tool" . }}',
};

export const victorops: Integration = (given) => {
  const settings = given.withDefaults(defaults);
  return async (notification, line) => {
    const { text, groupKey } = notification;
    const key = await settings.secret('api_key', line);
    const url = settings.base('api_url');
    url.pathname += `${key}/${text(settings.text('routing_key'))}`;
    const custom = settings.pairs('custom_fields').map(([name, value]) => [name, text(value)]);
    const message = {
      message_type: messageType(settings, notification),
      entity_id: groupHash(groupKey),
      entity_display_name: text(settings.text('entity_display_name')),
      state_message: truncateCharacters(text(settings.text('state_message')), stateMessageCharactersMax),
      monitoring_tool: text(settings.text('monitoring_tool')),
      ...Object.fromEntries(custom),
    };
    const accepted = jsonAnswer(200, { result: 'success', entity_id: groupHash(groupKey) });
    await exchange(jsonRequest(url, message, accepted), line);
  };
};

function messageType(settings: Settings, { status, text }: Notification): string {
  if (status === 'resolved') return 'RECOVERY';
  const type = text(settings.text('message_type'));
  return ['INFO', 'WARNING', 'CRITICAL'].includes(type) ? type : 'CRITICAL';
}
