import type { Clock } from '../base/clock.ts';

/** A tick this little beside its place on the grid counts as on it, so that timers that are a moment late do not show. */
const toleranceMs = 5;

/**
 * Calls `tick` at once and then at every whole interval from there, until `signal` is aborted. A tick that takes
 * longer than the interval makes the following ones be left out, not pile up.
 */
export async function repeatAligned(
  clock: Clock,
  intervalMs: number,
  signal: AbortSignal,
  tick: (atMs: number) => Promise<void> | void,
): Promise<void> {
  let dueMs = clock.now();
  while (!signal.aborted) {
    const nowMs = clock.now();
    await tick(Math.abs(nowMs - dueMs) <= toleranceMs ? dueMs : nowMs);
    const passed = Math.ceil((clock.now() - dueMs) / intervalMs);
    dueMs += intervalMs * Math.max(1, passed);
    await clock.sleep(dueMs - clock.now(), signal);
  }
}
