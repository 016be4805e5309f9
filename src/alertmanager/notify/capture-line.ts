// The line of a drill: every request goes to the capture receiver, with all that the service would have got, and
// headers that say for whom it was and what the service would have answered.

import type { Clock } from '../../base/clock.ts';
import { Credentials } from '../../telemetry/credentials.ts';
import type { HttpClientSpec } from '../../telemetry/http-client-spec.ts';
import type { NotificationIntent } from '../dispatch/dispatcher.ts';
import { type Answer, type Line, NotificationFailure, type OutgoingRequest } from './notifier.ts';
import { readSecretOf } from './service-line.ts';
import { smarthostOf } from './smtp.ts';

/** Headers between us and our capture receiver; only the first two are recorded as headers. */
export const captureHeaders = {
  run: 'x-firedrill-run',
  integration: 'x-firedrill-integration',
  /** Of the dispatcher's notification. */
  notification: 'x-firedrill-notification',
  /** Where the request would have gone. */
  url: 'x-firedrill-url',
  /** Set when the request is not the message itself. */
  aside: 'x-firedrill-aside',
  /** What the service answers when all is well: JSON in base64. */
  answer: 'x-firedrill-answer',
} as const;

export interface CaptureLineOptions {
  readonly run: string;
  readonly clock: Clock;
  /** Never shown; what is read from files joins them. */
  readonly secrets: Set<string>;
  /** Where a receiver's requests are captured. */
  captureUrl(receiver: string): URL;
}

export class CaptureLine {
  readonly #options: CaptureLineOptions;

  constructor(options: CaptureLineOptions) {
    this.#options = options;
  }

  /** For one attempt of a notification, which `signal` ends. */
  open(intent: NotificationIntent, signal: AbortSignal): Line {
    const { clock, secrets } = this.#options;
    return {
      now: () => clock.now(),
      readSecret: (path) => readSecretOf(path, secrets),
      send: (request) => this.#send(intent, request, signal),
      mail: async ({ message, parts, ...mail }, settings) => {
        const { host, port } = smarthostOf(settings);
        const body = { ...mail, parts, message: message.toString('utf8') };
        const { status } = await this.#send(
          intent,
          {
            method: 'POST',
            url: new URL(`smtp://${host.includes(':') ? `[${host}]` : host}:${port}`),
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
            accepted: { status: 200, contentType: 'text/plain', body: '250 2.0.0 Ok: queued' },
          },
          signal,
        );
        // A server that refuses a mail is asked again, whatever its reason.
        if (status >= 300) throw new NotificationFailure(`the mail was refused with ${status}`, true);
      },
    };
  }

  async #send(
    { id, receiver, integration }: NotificationIntent,
    request: OutgoingRequest,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { run, captureUrl } = this.#options;
    const credentials = await credentialHeaders(integration.http, request);
    const answer = Buffer.from(JSON.stringify(request.accepted)).toString('base64');
    try {
      const { request: send } = await import('undici');
      const response = await send(captureUrl(receiver), {
        method: request.method,
        headers: {
          'user-agent': 'firedrill',
          ...request.headers,
          ...credentials,
          [captureHeaders.run]: run,
          [captureHeaders.integration]: `${integration.type}[${integration.index}]`,
          [captureHeaders.notification]: String(id),
          [captureHeaders.url]: request.url.href,
          [captureHeaders.answer]: answer,
          ...(request.aside && { [captureHeaders.aside]: '1' }),
        },
        body: request.body ?? null,
        // The attempt's own signal ends it.
        headersTimeout: 0,
        bodyTimeout: 0,
        signal,
      });
      const contentType = String(response.headers['content-type'] ?? '');
      return { status: response.statusCode, contentType, body: await response.body.text() };
    } catch (error) {
      throw new NotificationFailure(`the capture receiver: ${(error as Error).message}`, true);
    }
  }
}

/** What `http_config` adds to the request of a service. */
async function credentialHeaders(
  http: HttpClientSpec,
  { url }: OutgoingRequest,
): Promise<Readonly<Record<string, string>>> {
  if (!url.protocol.startsWith('http')) return {};
  const { headers } = await Credentials.read(http, url);
  return headers;
}
