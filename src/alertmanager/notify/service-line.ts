// The line to the services themselves: `http_config` and SMTP settings applied, answers bounded, and nothing secret in
// what failures say.

import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { redact } from '../../base/redact.ts';
import { HttpClient, shownUrl } from '../../telemetry/http.ts';
import { readSecretFile } from '../../telemetry/secret-file.ts';
import type { IntegrationConfig } from '../config/model.ts';
import type { NotificationIntent } from '../dispatch/dispatcher.ts';
import { type Line, NotificationFailure } from './notifier.ts';
import { sendMail } from './smtp.ts';

const answerBytesMax = 1024 * 1024;

export class ServiceLines {
  readonly #clients = new Map<IntegrationConfig, HttpClient>();
  readonly #clock: Clock;
  readonly #secrets: Set<string>;

  /** `secrets` are never shown; what is read from files joins them. */
  constructor(clock: Clock, secrets: Set<string>) {
    this.#clock = clock;
    this.#secrets = secrets;
  }

  /** For one attempt of a notification, which `signal` ends. */
  open({ integration, deadlineAt }: NotificationIntent, signal: AbortSignal): Line {
    const now = (): number => this.#clock.now();
    const readSecret = (path: string): Promise<string> => readSecretOf(path, this.#secrets);
    return {
      now,
      readSecret,
      send: async ({ url, method, headers, body }) => {
        const timeoutMs = Math.max(1, deadlineAt - now());
        const request = { url, method, headers, timeoutMs, bodyBytesMax: answerBytesMax, signal };
        try {
          const client = this.#clientOf(integration);
          const answer = await client.request(body === undefined ? request : { ...request, body });
          const { status, contentType = '' } = answer;
          return { status, contentType, body: answer.body.toString('utf8') };
        } catch (error) {
          throw this.#failure(error, url);
        }
      },
      mail: async (mail, settings) => {
        const password = await settings.secret('auth_password', { readSecret });
        const secret = await settings.secret('auth_secret', { readSecret });
        await sendMail(mail, settings, { password, secret }, signal);
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
    this.#clients.clear();
  }

  #clientOf(integration: IntegrationConfig): HttpClient {
    const known = this.#clients.get(integration);
    if (known) return known;
    const client = new HttpClient(integration.http, this.#clock);
    this.#clients.set(integration, client);
    return client;
  }

  /** A path may be as secret as a password: `https://hooks.slack.com/services/T0/B0/…`. */
  #failure(error: unknown, url: URL): unknown {
    if (!(error instanceof UserError)) return error;
    const said = error.diagnostics.map(({ message }) => message).join('; ');
    const shown = said.replaceAll(shownUrl(url), url.origin);
    return new NotificationFailure(redact(shown, [...this.#secrets]), true);
  }
}

export async function readSecretOf(path: string, secrets: Set<string>): Promise<string> {
  try {
    const text = await readSecretFile(path);
    if (text.trim() !== '') secrets.add(text.trim());
    return text;
  } catch (error) {
    if (error instanceof UserError) throw new NotificationFailure(error.diagnostics[0]!.message, false);
    throw error;
  }
}
