// Delivers one notification: again after a growing wait while its receiver fails in a way that may pass, until the
// group is due for its next flush.

import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { NotificationFailure } from './notifier.ts';

export type Delivery =
  | { readonly ok: true; readonly attempts: number; readonly at: number }
  | { readonly ok: false; readonly reason: string; readonly attempts: number; readonly at: number };

export interface DeliverOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Unix milliseconds; no attempt begins or goes on behind it. */
  readonly deadlineAt: number;
  /** Longest that one attempt may take; 0 for no limit but the deadline. */
  readonly attemptTimeoutMs: number;
  /** Ends the delivery early, at the end of a run. */
  readonly signal?: AbortSignal;
}

/** Waits between attempts: each half as long again as the one before, up to a minute, give or take a half. */
const backoff = { firstMs: 500, factor: 1.5, maxMs: 60_000, jitter: 0.5 };

/**
 * `attempt` tells the receiver once; when it rejects with a NotificationFailure, that says whether to try again.
 * `signal` ends it.
 */
export async function deliver(
  attempt: (signal: AbortSignal) => Promise<void>,
  options: DeliverOptions,
): Promise<Delivery> {
  const { clock, deadlineAt, signal } = options;
  let waitMs = backoff.firstMs;
  let reason = 'there was no time for an attempt';
  let attempts = 0;
  while (clock.now() < deadlineAt && !signal?.aborted) {
    attempts++;
    const failure = await attemptOnce(attempt, options);
    if (!failure) return { ok: true, attempts, at: clock.now() };
    // An attempt that the deadline cuts short says less than the failure before it.
    if (attempts === 1 || clock.now() < deadlineAt) reason = failure.message;
    if (!failure.retry) break;
    const jittered = waitMs * (1 + backoff.jitter * (2 * options.random() - 1));
    await clock.sleep(Math.min(jittered, Math.max(0, deadlineAt - clock.now())), signal);
    waitMs = Math.min(waitMs * backoff.factor, backoff.maxMs);
  }
  return { ok: false, reason, attempts, at: clock.now() };
}

async function attemptOnce(
  attempt: (signal: AbortSignal) => Promise<void>,
  { clock, deadlineAt, attemptTimeoutMs, signal }: DeliverOptions,
): Promise<NotificationFailure | undefined> {
  const leftMs = deadlineAt - clock.now();
  const timeoutMs = attemptTimeoutMs > 0 ? Math.min(attemptTimeoutMs, leftMs) : leftMs;
  const finished = new AbortController();
  const timedOut = new AbortController();
  void clock.sleep(timeoutMs, finished.signal).then(() => {
    if (!finished.signal.aborted) timedOut.abort();
  });
  try {
    await attempt(AbortSignal.any(signal ? [timedOut.signal, signal] : [timedOut.signal]));
    return undefined;
  } catch (error) {
    if (timedOut.signal.aborted)
      return new NotificationFailure(`no answer within ${Math.round(timeoutMs)}ms`, true);
    if (error instanceof NotificationFailure) return error;
    throw error;
  } finally {
    finished.abort();
  }
}
