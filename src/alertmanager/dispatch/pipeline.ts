// A dispatcher at work: wakes when a group is due, hands each notification to whoever sends it, and tells the dispatcher
// how that ended. The time is the clock's that it is given.

import { setMaxListeners } from 'node:events';
import { type Clock, settledWithin } from '../../base/clock.ts';
import type { PostedAlert } from '../alert.ts';
import type { Dispatcher, Grouping, NotificationIntent, Suppression } from './dispatcher.ts';

export interface PipelineOptions {
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  /** Delivers one notification with all its attempts; `signal` ends it early. Rejects only for a bug. */
  deliver(
    intent: NotificationIntent,
    signal: AbortSignal,
  ): Promise<{ readonly ok: boolean; readonly at: number }>;
  onGrouped?(grouping: Grouping): void;
  onSuppressed?(suppression: Suppression): void;
  onFlushed?(intent: NotificationIntent): void;
  /** A delivery that broke: a bug of ours. */
  onBug(error: unknown): void;
}

/** What is being sent when everything ends gets this long. */
const lastSendMs = 2000;
/** A clock that is set back is noticed after this at the latest, and no group waits longer for it. */
const sleepMsMax = 10_000;

export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #stopping = new AbortController();
  readonly #sending = new Set<Promise<void>>();
  #wake = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: PipelineOptions) {
    this.#options = options;
    // Every delivery that is under way listens to it.
    setMaxListeners(0, this.#stopping.signal);
  }

  start(): void {
    this.#loop = this.#run();
  }

  receive(posted: readonly PostedAlert[]): void {
    const { dispatcher, clock, onGrouped } = this.#options;
    for (const grouping of dispatcher.receive(posted, clock.now())) onGrouped?.(grouping);
    this.#wake.abort();
  }

  /** Whether a notification is on its way, or will be. */
  untold(): boolean {
    return this.#sending.size > 0 || this.#options.dispatcher.nextAt() !== undefined;
  }

  /** Nothing is sent any more when it resolves. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    await this.#loop;
    await settledWithin(Promise.allSettled(this.#sending), lastSendMs, this.#options.clock);
  }

  async #run(): Promise<void> {
    const { dispatcher, clock } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const waitMs = Math.min((dispatcher.nextAt() ?? Infinity) - clock.now(), sleepMsMax);
      if (waitMs > 0) await clock.sleep(waitMs, this.#wake.signal);
      if (this.#stopping.signal.aborted) return;
      this.#wake = new AbortController();
      this.#advance();
    }
  }

  #advance(): void {
    const { dispatcher, clock, onSuppressed, onFlushed } = this.#options;
    const { notifications, suppressed } = dispatcher.advance(clock.now());
    for (const suppression of suppressed) onSuppressed?.(suppression);
    for (const intent of notifications) {
      onFlushed?.(intent);
      this.#track(this.#deliver(intent));
    }
  }

  async #deliver(intent: NotificationIntent): Promise<void> {
    const { dispatcher, clock, deliver, onBug } = this.#options;
    const outcome = await deliver(intent, this.#stopping.signal).catch((error: unknown) => {
      onBug(error);
      return { ok: false, at: clock.now() };
    });
    dispatcher.settle(intent, { ok: outcome.ok, atMs: outcome.at });
    // Its group, which waited for this, may be due.
    this.#wake.abort();
  }

  #track(work: Promise<void>): void {
    const tracked: Promise<void> = work.finally(() => this.#sending.delete(tracked));
    this.#sending.add(tracked);
  }
}
