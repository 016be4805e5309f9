import { describe, expect, it } from 'vitest';
import { deliver } from '../../../src/alertmanager/notify/deliver.ts';
import { NotificationFailure } from '../../../src/alertmanager/notify/notifier.ts';
import { VirtualClock } from '../../../src/base/clock.ts';

/** Runs a delivery on virtual time; `answer` says how each attempt ends. */
async function run(answer: (attempt: number, signal: AbortSignal) => Promise<void>, more = {}) {
  const clock = new VirtualClock(0);
  const attemptsAt: number[] = [];
  const attempt = (signal: AbortSignal): Promise<void> => {
    attemptsAt.push(clock.now());
    return answer(attemptsAt.length, signal);
  };
  let result: Awaited<ReturnType<typeof deliver>> | undefined;
  const done = deliver(attempt, {
    clock,
    random: () => 0.5,
    deadlineAt: 10_000,
    attemptTimeoutMs: 0,
    ...more,
  }).then((delivery) => {
    result = delivery;
  });
  for (let i = 0; i < 200; i++) {
    // What is due now is done before the time goes on.
    await new Promise((resolve) => setImmediate(resolve));
    if (result) break;
    await clock.advance(100);
  }
  await done;
  return { result: result!, attemptsAt };
}

const taken = () => Promise.resolve();
const fails = (reason: string, retry: boolean) => Promise.reject(new NotificationFailure(reason, retry));
const never = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));

describe('delivery', () => {
  it('is done when the receiver has taken it', async () => {
    const { result } = await run(taken);
    expect(result).toEqual({ ok: true, attempts: 1, at: 0 });
  });

  it('tries again with growing waits while the receiver fails', async () => {
    const { result, attemptsAt } = await run((attempt) =>
      attempt < 4 ? fails('status 503', true) : taken(),
    );
    expect(result).toMatchObject({ ok: true, attempts: 4 });
    expect(attemptsAt).toEqual([0, 500, 1250, 2375]);
  });

  it('gives up at once when the receiver says that the request is wrong', async () => {
    const { result } = await run(() => fails('unexpected status code 404', false));
    expect(result).toEqual({ ok: false, reason: 'unexpected status code 404', attempts: 1, at: 0 });
  });

  it('ends at the deadline, with the last reason', async () => {
    const { result } = await run(() => fails('connection refused', true));
    expect(result).toMatchObject({ ok: false, reason: 'connection refused', at: 10_000 });
    expect((result as { attempts: number }).attempts).toBeGreaterThan(3);
  });

  it('limits one attempt, and then tries again', async () => {
    const { result, attemptsAt } = await run((attempt, signal) => (attempt === 1 ? never(signal) : taken()), {
      attemptTimeoutMs: 2000,
    });
    expect(result).toMatchObject({ ok: true, attempts: 2 });
    expect(attemptsAt).toEqual([0, 2500]);
  });

  it('ends an attempt that hangs when the deadline comes', async () => {
    const { result } = await run((_, signal) => never(signal));
    expect(result).toMatchObject({ ok: false, reason: 'no answer within 10000ms', attempts: 1, at: 10_000 });
  });

  it('ends when the run ends', async () => {
    const end = new AbortController();
    const { result } = await run(
      () => {
        end.abort();
        return fails('status 500', true);
      },
      { signal: end.signal },
    );
    expect(result).toMatchObject({ ok: false, attempts: 1 });
  });
});
