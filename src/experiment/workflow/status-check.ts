// A StatusCheck: one request after the other until it has succeeded often enough in a row (Synchronous), failed often
// enough in a row, or its duration is over. A continuous check goes on as long as it does not fail.

import type { Clock } from '../../base/clock.ts';
import { humanDuration } from '../../base/duration.ts';
import type { StatusCheckSpec } from '../../faults/chaos-mesh/status-check.ts';

export interface StatusCheckResult {
  readonly succeeded: boolean;
  readonly reason: string;
}

/** Undefined when `until` ended it. */
export async function runStatusCheck(
  check: StatusCheckSpec,
  request: () => Promise<number | undefined>,
  clock: Clock,
  until: AbortSignal,
): Promise<StatusCheckResult | undefined> {
  const startedAt = clock.now();
  const endsAt = startedAt + (check.durationMs ?? Number.POSITIVE_INFINITY);
  let successes = 0;
  let failures = 0;
  const result = (succeeded: boolean, reason: string) => ({ succeeded, reason });
  for (;;) {
    const askedAt = clock.now();
    const code = await request();
    if (until.aborted) return undefined;
    const isGood = code !== undefined && code >= check.status.from && code <= check.status.to;
    successes = isGood ? successes + 1 : 0;
    failures = isGood ? 0 : failures + 1;
    const said = code === undefined ? 'no answer' : `status ${code}`;
    if (failures >= check.failureThreshold) return result(false, `${said}, ${times(failures)}`);
    const isEnough = successes >= check.successThreshold;
    if (check.mode === 'Synchronous' && isEnough) return result(true, `${said}, ${times(successes)}`);
    const nextAt = Math.min(askedAt + check.intervalMs, endsAt);
    await clock.sleep(Math.max(0, nextAt - clock.now()), until);
    if (until.aborted) return undefined;
    // On a cluster a check that is over in time has succeeded when its last answers did.
    if (clock.now() >= endsAt)
      return result(isEnough, `${said} when ${humanDuration(clock.now() - startedAt)} were over`);
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times in a row`;
}
