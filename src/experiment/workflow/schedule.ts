// The rhythm of a Schedule: which of the times that its timetable names start a run. As on a cluster, a time that was
// missed (because a run was still going, or nobody was awake) is made up for once, by the last of them, unless it lies
// further back than the starting deadline.

import type { Clock } from '../../base/clock.ts';
import { humanDuration } from '../../base/duration.ts';
import type { Timetable } from './cron.ts';

export interface ScheduleOptions {
  readonly timetable: Timetable;
  /** `concurrencyPolicy: Allow`. */
  readonly allowsOverlap: boolean;
  readonly startingDeadlineMs: number | undefined;
  readonly clock: Clock;
  readonly until: AbortSignal;
  /** Resolves when the run has ended. */
  start(): Promise<void>;
  onMissed(reason: string): void;
}

/** Runs of one schedule at the same time, however many are allowed. */
const overlapMax = 20;
/** Times that were missed and are looked through for the last of them. */
const missedMax = 10_000;
/** The longest single wait; a timer of Node.js cannot wait for longer than 24 days. */
const waitMsMax = 86_400_000;

/** Resolves when `until` is aborted, or there are no more times, and every run that was started has ended. */
export async function runSchedule(options: ScheduleOptions): Promise<void> {
  const { timetable, allowsOverlap, clock, until } = options;
  const running = new Set<Promise<void>>();
  const over = aborted(until);
  const atOnceMax = allowsOverlap ? overlapMax : 1;
  let last = clock.now();
  let failure: unknown;
  while (!until.aborted && failure === undefined) {
    const next = timetable.next(last);
    if (next === undefined) break;
    await sleepUntil(next, clock, until);
    if (until.aborted) break;
    if (running.size >= atOnceMax) {
      options.onMissed(allowsOverlap ? `${overlapMax} runs are going` : 'the run before is still going');
      await Promise.race([...running, over]);
      if (until.aborted) break;
    }
    const due = lastDue(timetable, next, clock.now());
    const lateMs = clock.now() - due;
    last = clock.now();
    if (options.startingDeadlineMs !== undefined && lateMs > options.startingDeadlineMs) {
      options.onMissed(`it would start ${humanDuration(lateMs)} late`);
      continue;
    }
    const run = options
      .start()
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => running.delete(run));
    running.add(run);
  }
  await Promise.all(running);
  if (failure !== undefined) throw failure;
}

/** Also beyond what one timer of Node.js can wait. */
export async function sleepUntil(timeMs: number, clock: Clock, until: AbortSignal): Promise<void> {
  for (let waitMs = timeMs - clock.now(); waitMs > 0 && !until.aborted; waitMs = timeMs - clock.now())
    await clock.sleep(Math.min(waitMs, waitMsMax), until);
}

/** The last time that is not after `nowMs`. */
function lastDue(timetable: Timetable, firstMs: number, nowMs: number): number {
  let due = firstMs;
  for (let looked = 0; looked < missedMax; looked++) {
    const next = timetable.next(due);
    if (next === undefined || next > nowMs) break;
    due = next;
  }
  return due;
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
