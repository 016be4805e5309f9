// The Alertmanager inside the server: what the API shows and changes, and the pipeline that notifies. Alerts come from
// the server's own rules and from whoever posts them.

import { randomUUID } from 'node:crypto';
import type { PostedAlert } from '../../alertmanager/alert.ts';
import type { AlertmanagerConfig } from '../../alertmanager/config/model.ts';
import { Dispatcher, type NotificationIntent } from '../../alertmanager/dispatch/dispatcher.ts';
import { Pipeline } from '../../alertmanager/dispatch/pipeline.ts';
import { matchRoutes } from '../../alertmanager/dispatch/routing.ts';
import type { PostedSilence, Silence } from '../../alertmanager/silence/silences.ts';
import type { Clock } from '../../base/clock.ts';
import type { Labels } from '../../base/labels.ts';

export interface AlertmanagerOptions {
  readonly config: AlertmanagerConfig;
  /** The configuration's text with its secrets masked, as `status` shows it. */
  readonly configYaml: string;
  readonly clock: Clock;
  readonly version: string;
  /** Delivers one notification with all its attempts. */
  notify(
    intent: NotificationIntent,
    signal: AbortSignal,
  ): Promise<{ readonly ok: boolean; readonly at: number }>;
  log(message: string): void;
  onBug(error: unknown): void;
}

/** A sender whose clock is ahead by more than this is told of, and not more often than every ten minutes. */
const skewToldMs = 60_000;
const skewToldEveryMs = 600_000;

export class Alertmanager {
  readonly dispatcher: Dispatcher;
  readonly config: AlertmanagerConfig;
  readonly configYaml: string;
  readonly version: string;
  readonly startedMs: number;
  readonly #options: AlertmanagerOptions;
  readonly #pipeline: Pipeline;
  #skewToldMs = Number.NEGATIVE_INFINITY;

  constructor(options: AlertmanagerOptions) {
    const { config, clock } = options;
    this.#options = options;
    this.config = config;
    this.configYaml = options.configYaml;
    this.version = options.version;
    this.startedMs = clock.now();
    this.dispatcher = new Dispatcher(config);
    this.#pipeline = new Pipeline({
      dispatcher: this.dispatcher,
      clock,
      deliver: options.notify,
      onBug: options.onBug,
    });
  }

  get now(): number {
    return this.#options.clock.now();
  }

  start(): void {
    this.#pipeline.start();
  }

  async stop(): Promise<void> {
    await this.#pipeline.stop();
  }

  /** How many could not be taken because of a limit. */
  receive(posted: readonly PostedAlert[]): number {
    const before = this.dispatcher.droppedCount;
    this.#tellSkew(posted);
    this.#pipeline.receive(posted);
    return this.dispatcher.droppedCount - before;
  }

  /** Throws what Silences throws. */
  submitSilence(posted: PostedSilence): Silence {
    return this.dispatcher.silences.submit(posted, this.now, randomUUID);
  }

  receiversOf(labels: Labels): string[] {
    return matchRoutes(this.dispatcher.root, labels).map(({ receiver }) => receiver);
  }

  /** Alerts from the future end late or are told too early: their times are the sender's. */
  #tellSkew(posted: readonly PostedAlert[]): void {
    const { clock, log } = this.#options;
    const now = clock.now();
    if (now - this.#skewToldMs < skewToldEveryMs) return;
    const ahead = posted.find(({ startsAt }) => startsAt !== undefined && startsAt > now + skewToldMs);
    if (!ahead) return;
    this.#skewToldMs = now;
    const seconds = Math.round((ahead.startsAt! - now) / 1000);
    log(
      `alert ${ahead.labels.get('alertname')} starts ${seconds} s in the future: the clock of its sender is ahead`,
    );
  }
}
