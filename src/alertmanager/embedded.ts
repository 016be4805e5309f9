// The embedded Alertmanager of a live run: a dispatcher, a clock that wakes it, and the delivery of what it intends
// to the capture receiver.

import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { PostedAlert } from './alert.ts';
import type { AlertmanagerConfig } from './config/model.ts';
import { Dispatcher, type NotificationIntent, type Suppression } from './dispatch/dispatcher.ts';
import { captureRequest, type DrillAddress } from './notify/capture-request.ts';
import { type Delivery, deliver, type Send } from './notify/deliver.ts';

export interface EmbeddedOptions {
  readonly config: AlertmanagerConfig;
  readonly address: DrillAddress;
  readonly clock: Clock;
  readonly random: Random;
  readonly send: Send;
  onSuppressed(suppression: Suppression): void;
  /** A notification that its receiver did not take, after all attempts. */
  onFailed(intent: NotificationIntent, delivery: Delivery & { readonly ok: false }): void;
}

export class EmbeddedAlertmanager {
  readonly dispatcher: Dispatcher;
  readonly #options: EmbeddedOptions;
  readonly #stopped = new AbortController();
  readonly #deliveries = new Set<Promise<void>>();
  #changed = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: EmbeddedOptions) {
    this.#options = options;
    this.dispatcher = new Dispatcher(options.config);
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Takes alerts as a Prometheus sends them. */
  post(alerts: readonly PostedAlert[]): void {
    if (alerts.length === 0) return;
    this.dispatcher.receive(alerts, this.#options.clock.now());
    this.#changed.abort();
  }

  /** Gives up what is still on its way. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
    await Promise.all(this.#deliveries);
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stopped.signal.aborted) {
      this.#changed = new AbortController();
      this.#advance(clock.now());
      const next = this.dispatcher.nextAt();
      const woken = AbortSignal.any([this.#changed.signal, this.#stopped.signal]);
      await clock.sleep(next === undefined ? idleMs : next - clock.now(), woken);
    }
  }

  #advance(atMs: number): void {
    const { notifications, suppressed } = this.dispatcher.advance(atMs);
    for (const suppression of suppressed) this.#options.onSuppressed(suppression);
    for (const intent of notifications) {
      const delivery = this.#deliver(intent).finally(() => this.#deliveries.delete(delivery));
      this.#deliveries.add(delivery);
    }
  }

  async #deliver(intent: NotificationIntent): Promise<void> {
    const { address, send, clock, random } = this.#options;
    const delivery = await deliver(captureRequest(intent, address), {
      send,
      clock,
      random,
      deadlineAt: intent.deadlineAt,
      attemptTimeoutMs: intent.integration.webhook?.timeoutMs ?? 0,
      signal: this.#stopped.signal,
    });
    this.dispatcher.settle(intent, { ok: delivery.ok, atMs: delivery.at });
    this.#changed.abort();
    if (!delivery.ok && !this.#stopped.signal.aborted) this.#options.onFailed(intent, delivery);
  }
}

/** How long to sleep when nothing is due: a post wakes the loop. */
const idleMs = 3_600_000;
