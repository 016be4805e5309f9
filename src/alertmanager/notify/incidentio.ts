// incident.io's alert source: Alertmanager's webhook with a token. https://docs.incident.io/alerts/alertmanager

import { goJson } from '../../rules/templates/json.ts';
import { exchange, jsonAnswer, jsonRequest } from './http-exchange.ts';
import type { Integration } from './notifier.ts';
import { webhookBody } from './webhook.ts';

const bodyBytesMax = 512 * 1024;

export const incidentio: Integration = (settings) => async (notification, line) => {
  const token = await settings.secret('alert_source_token', line);
  const body = { ...webhookBody(notification, settings.number('max_alerts')), version: '1' };
  // A larger body is refused; one alert is enough to open an incident.
  const tooLarge = Buffer.byteLength(goJson(body)) + 1 > bodyBytesMax;
  const sent = tooLarge ? { ...body, alerts: body.alerts.slice(0, 1) } : body;
  const headers: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` };
  const accepted = jsonAnswer(202, { status: 'success', message: 'Event accepted for processing' });
  const url = await settings.secretUrl('url', line);
  await exchange(jsonRequest(url, sent, accepted, { headers }), line, [429]);
};
