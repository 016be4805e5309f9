// Plays one activity: pauses, the provider's call, and what the journal and the timeline tell of it.

import type { Clock } from '../../base/clock.ts';
import type { ActivityPart } from '../timeline.ts';
import { type ActivityRun, pythonTime } from './journal.ts';
import type { Activity, ProviderSpec } from './model.ts';
import { callHttp } from './providers/http.ts';
import { callProcess } from './providers/process.ts';
import { ActivityFailed, type ProviderContext } from './providers/provider.ts';
import { callPython } from './providers/python.ts';
import { substitute } from './substitution.ts';
import { shown } from './tolerance.ts';

export interface ActivityObserver {
  started(activity: Activity, part: ActivityPart): void;
  ended(activity: Activity, part: ActivityPart, told: ActivityTold): void;
}

interface ActivityTold {
  readonly status: 'succeeded' | 'failed';
  readonly detail: string;
  readonly isDoubtful: boolean;
}

/** Rejects with ActivityFailed when there is no answer. */
export function callProvider(provider: ProviderSpec, context: ProviderContext): Promise<unknown> {
  if (provider.type === 'process') return callProcess(provider, context);
  return provider.type === 'http' ? callHttp(provider, context) : callPython(provider, context);
}

/** `runs` gets the activity when it begins, as the journal lists it. */
export async function playActivity(
  activity: Activity,
  part: ActivityPart,
  context: ProviderContext,
  observer: ActivityObserver,
  runs: ActivityRun[] = [],
): Promise<ActivityRun> {
  const { clock, stop } = context;
  const { before, after } = substitute(activity.pauses, context.variables) as Record<string, unknown>;
  await pause(before, clock, stop);
  const startMs = clock.now();
  const run: ActivityRun = { activity: activity.written, output: null, start: pythonTime(startMs) };
  runs.push(run);
  observer.started(activity, part);
  try {
    run.output = await callProvider(activity.provider, context);
    run.status = 'succeeded';
  } catch (error) {
    if (!(error instanceof ActivityFailed)) throw error;
    run.status = 'failed';
    run.exception = [`chaoslib.exceptions.ActivityFailed: ${error.message}\n`];
  }
  const endMs = clock.now();
  run.end = pythonTime(endMs);
  run.duration = (endMs - startMs) / 1000;
  observer.ended(activity, part, told(activity, run));
  await pause(after, clock, stop);
  return run;
}

/** The message of a failed activity. */
export function failureOf(run: ActivityRun): string {
  return (run.exception ?? []).join('').replace('chaoslib.exceptions.ActivityFailed: ', '').trim();
}

async function pause(seconds: unknown, clock: Clock, stop: AbortSignal): Promise<void> {
  const ms = Number(seconds ?? 0) * 1000;
  if (ms > 0 && !stop.aborted) await clock.sleep(ms, stop);
}

function told({ provider }: Activity, run: ActivityRun): ActivityTold {
  if (run.status === 'failed') return { status: 'failed', detail: failureOf(run), isDoubtful: false };
  const status = (run.output as { status?: unknown } | null)?.status;
  if (provider.type === 'process')
    return { status: 'succeeded', detail: `exit code ${status}`, isDoubtful: status !== 0 };
  if (provider.type === 'http')
    return { status: 'succeeded', detail: `status ${status}`, isDoubtful: Number(status) >= 400 };
  return { status: 'succeeded', detail: `returned ${shown(run.output)}`, isDoubtful: false };
}
