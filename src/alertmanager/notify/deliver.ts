// Sends one notification: again after a growing wait while the receiver fails in a way that may pass, until the
// group is due for its next flush.

import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';

export interface OutgoingRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends one POST; resolves with any status, rejects when there is no answer. `signal` ends the attempt. */
export type Send = (request: OutgoingRequest, signal: AbortSignal) => Promise<{ readonly status: number }>;

export type Delivery =
  | { readonly ok: true; readonly status: number; readonly attempts: number; readonly at: number }
  | { readonly ok: false; readonly reason: string; readonly attempts: number; readonly at: number };

export interface DeliverOptions {
  readonly send: Send;
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

export async function deliver(request: OutgoingRequest, options: DeliverOptions): Promise<Delivery> {
  const { clock, deadlineAt, signal } = options;
  let waitMs = backoff.firstMs;
  let reason = 'there was no time for an attempt';
  let attempts = 0;
  while (clock.now() < deadlineAt && !signal?.aborted) {
    attempts++;
    const outcome = await attempt(request, options);
    if (outcome.status !== undefined && outcome.status >= 200 && outcome.status < 300)
      return { ok: true, status: outcome.status, attempts, at: clock.now() };
    reason = outcome.reason;
    // A client error will be one again; anything else may pass.
    if (outcome.status !== undefined && outcome.status < 500) break;
    const jittered = waitMs * (1 + backoff.jitter * (2 * options.random() - 1));
    await clock.sleep(Math.min(jittered, Math.max(0, deadlineAt - clock.now())), signal);
    waitMs = Math.min(waitMs * backoff.factor, backoff.maxMs);
  }
  return { ok: false, reason, attempts, at: clock.now() };
}

async function attempt(
  request: OutgoingRequest,
  { send, clock, deadlineAt, attemptTimeoutMs, signal }: DeliverOptions,
): Promise<{ status?: number; reason: string }> {
  const leftMs = deadlineAt - clock.now();
  const timeoutMs = attemptTimeoutMs > 0 ? Math.min(attemptTimeoutMs, leftMs) : leftMs;
  const finished = new AbortController();
  const timedOut = new AbortController();
  void clock.sleep(timeoutMs, finished.signal).then(() => {
    if (!finished.signal.aborted) timedOut.abort();
  });
  try {
    const signals = signal ? [timedOut.signal, signal] : [timedOut.signal];
    const { status } = await send(request, AbortSignal.any(signals));
    return { status, reason: `unexpected status code ${status}` };
  } catch (error) {
    if (timedOut.signal.aborted) return { reason: `no answer within ${Math.round(timeoutMs)}ms` };
    return { reason: (error as Error).message };
  } finally {
    finished.abort();
  }
}
