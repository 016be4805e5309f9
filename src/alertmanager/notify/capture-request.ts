// A drill's notification as it goes to the capture receiver: the standard webhook body, whatever the integration,
// with the run's id in a header and in externalURL, where it also survives a copy of the body.

import type { NotificationIntent } from '../dispatch/dispatcher.ts';
import type { OutgoingRequest } from './deliver.ts';
import { webhookBody } from './webhook.ts';

export const runHeader = 'x-firedrill-run';
export const integrationHeader = 'x-firedrill-integration';
const runParameter = 'firedrill_run';

export interface DrillAddress {
  readonly run: string;
  /** What the notifications give as Alertmanager's own address. */
  readonly externalUrl: string;
  /** Where a receiver's notifications are captured. */
  captureUrl(receiver: string): URL;
}

export function captureRequest(intent: NotificationIntent, address: DrillAddress): OutgoingRequest {
  const { integration } = intent;
  const externalUrl = new URL(address.externalUrl);
  externalUrl.searchParams.set(runParameter, address.run);
  const maxAlerts = integration.webhook?.maxAlerts ?? 0;
  return {
    url: address.captureUrl(intent.receiver),
    headers: {
      'content-type': 'application/json',
      [runHeader]: address.run,
      [integrationHeader]: `${integration.type}[${integration.index}]`,
    },
    body: `${JSON.stringify(webhookBody(intent, { externalUrl: externalUrl.href, maxAlerts }))}\n`,
  };
}
