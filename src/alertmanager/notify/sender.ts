// Sends the dispatcher's notifications: each integration keeps its own state, and each attempt is put into words anew.

import type { Clock } from '../../base/clock.ts';
import { parseDuration } from '../../base/duration.ts';
import type { Random } from '../../base/random.ts';
import type { IntegrationConfig } from '../config/model.ts';
import type { NotificationIntent } from '../dispatch/dispatcher.ts';
import { type Delivery, deliver } from './deliver.ts';
import { integrationOf } from './integrations.ts';
import { notificationOf } from './notification.ts';
import type { Line, Notifier } from './notifier.ts';
import { Settings } from './settings.ts';
import type { NotificationTemplates } from './templates/notification-templates.ts';

export interface SenderOptions {
  readonly templates: NotificationTemplates;
  readonly clock: Clock;
  /** What notifications give as Alertmanager's own address. */
  readonly externalUrl: string;
  /** To the service, or to what stands in for it; `signal` ends the attempt that it is opened for. */
  openLine(intent: NotificationIntent, signal: AbortSignal): Line;
}

export class NotificationSender {
  readonly #options: SenderOptions;
  readonly #notifiers = new Map<IntegrationConfig, Notifier>();

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Rejects only for a bug. */
  async send(intent: NotificationIntent, random: Random, signal: AbortSignal): Promise<Delivery> {
    const { templates, clock, externalUrl, openLine } = this.#options;
    const { integration, deadlineAt } = intent;
    const notifier = this.#notifierOf(integration);
    const attempt = async (ended: AbortSignal): Promise<void> => {
      const surroundings = { templates, externalUrl, nowMs: clock.now() };
      await notifier(notificationOf(intent, surroundings), openLine(intent, ended));
    };
    const attemptTimeoutMs = parseDuration(String(integration.settings.timeout ?? '')) ?? 0;
    return deliver(attempt, { clock, random, deadlineAt, attemptTimeoutMs, signal });
  }

  #notifierOf(integration: IntegrationConfig): Notifier {
    const known = this.#notifiers.get(integration);
    if (known) return known;
    const notifier = integrationOf(integration.type)(new Settings(integration.settings));
    this.#notifiers.set(integration, notifier);
    return notifier;
  }
}
