// A story of alerts on virtual time, told to the whole pipeline, from grouping to retries, and held against what the
// receivers accepted:
//
//     await story(config,
//       at('0s', alert({ alertname: 'Down' })),
//       between('30s', '31s', tells('pager', firing('Down'))),
//       at('2m', resolve({ alertname: 'Down' })),
//       between('5m30s', '5m31s', tells('pager', resolved('Down'))),
//       until('4h'));
//
// Every notification must be foretold: one that no line tells of fails the story, as does a line that none came for.

import { expect } from 'vitest';
import {
  Dispatcher,
  type NotificationIntent,
  type Suppression,
} from '../../../src/alertmanager/dispatch/dispatcher.ts';
import { Pipeline } from '../../../src/alertmanager/dispatch/pipeline.ts';
import { AlertMatcher } from '../../../src/alertmanager/matcher/matcher.ts';
import { deliver } from '../../../src/alertmanager/notify/deliver.ts';
import { NotificationFailure } from '../../../src/alertmanager/notify/notifier.ts';
import { type Clock, VirtualClock } from '../../../src/base/clock.ts';
import { Labels } from '../../../src/base/labels.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { configOf, ms } from '../timeline.ts';

type Names = Readonly<Record<string, string>>;
type Action = (scene: Scene) => void;
type Mood = 'up' | 'down' | 'refusing' | 'hanging';

interface Foretold {
  readonly fromMs: number;
  readonly toMs: number;
  readonly receiver: string;
  readonly text: string;
}

interface Told {
  readonly atMs: number;
  readonly receiver: string;
  readonly text: string;
}

interface Line {
  readonly actions?: { readonly atMs: number; readonly actions: readonly Action[] };
  readonly foretold?: readonly Foretold[];
  readonly startsAt?: number;
  readonly endMs?: number;
}

export const at = (time: string, ...actions: Action[]): Line => ({ actions: { atMs: ms(time), actions } });

export const between = (
  from: string,
  to: string,
  ...expected: Pick<Foretold, 'receiver' | 'text'>[]
): Line => ({
  foretold: expected.map((each) => ({ ...each, fromMs: ms(from), toMs: ms(to) })),
});

export const until = (time: string): Line => ({ endMs: ms(time) });

/** The time of day at which the story begins. */
export const beginning = (time: string): Line => ({ startsAt: Date.parse(time) });

/** An alert fires and is believed for `lasting`; without it, until it is resolved. */
export const alert =
  (labels: Names, { lasting, startedAgo = '0s' }: { lasting?: string; startedAgo?: string } = {}): Action =>
  ({ pipeline, clock }) => {
    const now = clock.now();
    const endsAt = now + (lasting === undefined ? 7 * 86_400_000 : ms(lasting));
    pipeline.receive([
      { labels: Labels.from(labels), annotations: {}, startsAt: now - ms(startedAgo), endsAt },
    ]);
  };

/** An alert whose sender says nothing of its end. */
export const openAlert =
  (labels: Names): Action =>
  ({ pipeline }) =>
    pipeline.receive([{ labels: Labels.from(labels), annotations: {} }]);

export const resolve =
  (labels: Names): Action =>
  ({ pipeline, clock }) =>
    pipeline.receive([{ labels: Labels.from(labels), annotations: {}, endsAt: clock.now() }]);

export const silence =
  (id: string, labels: Names, lasting: string): Action =>
  ({ dispatcher, clock }) => {
    const now = clock.now();
    dispatcher.silences.set({
      id,
      matchers: Object.entries(labels).map(([name, value]) => new AlertMatcher(name, '=', value)),
      startsAt: now,
      endsAt: now + ms(lasting),
      updatedAt: now,
      author: 'alice',
      comment: 'planned',
      annotations: {},
    });
  };

export const expire =
  (id: string): Action =>
  ({ dispatcher, clock }) => {
    dispatcher.silences.expire(id, clock.now());
  };

/** From now on the receiver answers, fails for a while, refuses for good, or does not answer at all. */
export const receiver =
  (name: string, mood: Mood): Action =>
  ({ moods }) => {
    moods.set(name, mood);
  };

export const clockSetBack =
  (by: string): Action =>
  (scene) => {
    scene.clock.backMs += ms(by);
  };

export const tells = (name: string, ...parts: string[]): Pick<Foretold, 'receiver' | 'text'> => ({
  receiver: name,
  text: parts
    .flatMap((part) => part.split(' '))
    .sort()
    .join(' '),
});
export const firing = (...names: string[]): string => names.join(' ');
export const resolved = (...names: string[]): string => names.map((name) => `-${name}`).join(' ');

/** A clock that can be set back while its timers go on. */
class UnsteadyClock implements Clock {
  readonly #true: VirtualClock;
  backMs = 0;

  constructor(trueClock: VirtualClock) {
    this.#true = trueClock;
  }

  now(): number {
    return this.#true.now() - this.backMs;
  }

  sleep(sleepMs: number, signal?: AbortSignal): Promise<void> {
    return this.#true.sleep(sleepMs, signal);
  }
}

interface Scene {
  readonly clock: UnsteadyClock;
  readonly dispatcher: Dispatcher;
  readonly pipeline: Pipeline;
  readonly moods: Map<string, Mood>;
}

export interface Ending {
  readonly told: readonly Told[];
  readonly suppressed: readonly Suppression[];
  /** How often a receiver was asked, whatever it answered. */
  readonly attempts: number;
}

export async function story(config: string, ...lines: readonly Line[]): Promise<Ending> {
  const startMs = lines.find(({ startsAt }) => startsAt !== undefined)?.startsAt ?? Date.UTC(2026, 0, 5);
  const trueClock = new VirtualClock(startMs);
  const clock = new UnsteadyClock(trueClock);
  const dispatcher = new Dispatcher(configOf(config));
  const told: Told[] = [];
  const suppressed: Suppression[] = [];
  const moods = new Map<string, Mood>();
  let attempts = 0;
  const attempt = async (intent: NotificationIntent, signal: AbortSignal): Promise<void> => {
    attempts++;
    const mood = moods.get(intent.receiver) ?? 'up';
    if (mood === 'hanging') await clock.sleep(Number.MAX_SAFE_INTEGER, signal);
    if (mood !== 'up') throw new NotificationFailure(mood, mood !== 'refusing');
    told.push({ atMs: trueClock.now() - startMs, receiver: intent.receiver, text: textOf(intent) });
  };
  const pipeline = new Pipeline({
    dispatcher,
    clock,
    deliver: (intent, signal) =>
      deliver((ended) => attempt(intent, ended), {
        ...{ clock, random: seededRandom(intent.id), deadlineAt: intent.deadlineAt },
        ...{ attemptTimeoutMs: 0, signal },
      }),
    onSuppressed: (each) => suppressed.push(each),
    onBug: (error) => {
      throw error;
    },
  });
  pipeline.start();
  const steps = lines.flatMap(({ actions }) => actions ?? []).sort((a, b) => a.atMs - b.atMs);
  for (const { atMs, actions } of steps) {
    await trueClock.advance(startMs + atMs - trueClock.now());
    for (const action of actions) action({ clock, dispatcher, pipeline, moods });
    // What was woken by them goes on before the time does.
    await new Promise((resume) => setImmediate(resume));
  }
  const endMs = Math.max(...lines.map((line) => line.endMs ?? 0), steps.at(-1)?.atMs ?? 0);
  await trueClock.advance(startMs + endMs - trueClock.now());
  await Promise.all([pipeline.stop(), trueClock.advance(10_000)]);
  compare(
    told,
    lines.flatMap(({ foretold }) => foretold ?? []),
  );
  return { told, suppressed, attempts };
}

function textOf({ alerts }: NotificationIntent): string {
  return alerts
    .map((each) => `${each.status === 'resolved' ? '-' : ''}${each.alert.labels.get('alertname')}`)
    .sort()
    .join(' ');
}

/** Each line takes the first notification that it fits. */
function compare(told: readonly Told[], foretold: readonly Foretold[]): void {
  const open = [...foretold];
  const unforeseen = told.filter((each) => {
    const place = open.findIndex(
      ({ fromMs, toMs, receiver: name, text }) =>
        name === each.receiver && text === each.text && each.atMs >= fromMs && each.atMs <= toMs,
    );
    if (place >= 0) open.splice(place, 1);
    return place < 0;
  });
  const seconds = (value: number): string => `${value / 1000}s`;
  expect({
    unforeseen: unforeseen.map(({ atMs, receiver: name, text }) => `${seconds(atMs)} ${name}: ${text}`),
    missing: open.map(
      ({ fromMs, toMs, receiver: name, text }) => `${seconds(fromMs)}-${seconds(toMs)} ${name}: ${text}`,
    ),
  }).toEqual({ unforeseen: [], missing: [] });
}
