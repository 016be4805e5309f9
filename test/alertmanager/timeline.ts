// A timeline language for the dispatcher on virtual time, so that hours of grouping take milliseconds:
//
//     timeline(config)
//       .at('1s', fires('A', { job: 'x' }))
//       .at('90s', resolves('A', { job: 'x' }))
//       .until('10m')
//       .expect('pager', at('31s', 'A'), between('5m', '6m', '-A'));
//
// A notification is the names of its alerts, `-` before those that are resolved.

import { expect } from 'vitest';
import type { AlertmanagerConfig } from '../../src/alertmanager/config/model.ts';
import { readAlertmanagerConfig } from '../../src/alertmanager/config/read.ts';
import {
  Dispatcher,
  type NotificationIntent,
  type Suppression,
} from '../../src/alertmanager/dispatch/dispatcher.ts';
import type { Silence } from '../../src/alertmanager/silence/silences.ts';
import { UserError } from '../../src/base/diagnostics.ts';
import { parseDuration } from '../../src/base/duration.ts';
import { Labels } from '../../src/base/labels.ts';

export function configOf(text: string): AlertmanagerConfig {
  const read = readAlertmanagerConfig('alertmanager.yml', text);
  if (!read.ok) throw new UserError(read.diagnostics);
  return read.value;
}

/** A configuration of these routes with a webhook for each receiver that is named. */
export function routed(route: string, receivers: readonly string[], more = ''): string {
  const list = receivers.map(
    (name) => `  - name: ${name}\n    webhook_configs: [{url: "http://127.0.0.1/${name}"}]`,
  );
  return `route: ${route}\nreceivers:\n${list.join('\n')}\n${more}`;
}

type Action = (dispatcher: Dispatcher, atMs: number) => void;

const labelsOf = (name: string, labels: Record<string, string>): Labels =>
  Labels.from({ alertname: name, ...labels });

/** The alert fires and stays so for a day unless something else is said. */
export function fires(name: string, labels: Record<string, string> = {}, forMs = 86_400_000): Action {
  return (dispatcher, atMs) => {
    dispatcher.receive(
      [{ labels: labelsOf(name, labels), annotations: {}, startsAt: atMs, endsAt: atMs + forMs }],
      atMs,
    );
  };
}

export function resolves(name: string, labels: Record<string, string> = {}): Action {
  return (dispatcher, atMs) => {
    dispatcher.receive([{ labels: labelsOf(name, labels), annotations: {}, endsAt: atMs }], atMs);
  };
}

export function silences(silence: Pick<Silence, 'matchers' | 'id'>, forMs: number): Action {
  return (dispatcher, atMs) => {
    dispatcher.silences.set({
      ...silence,
      startsAt: atMs,
      endsAt: atMs + forMs,
      updatedAt: atMs,
      author: 'alice',
      comment: 'planned',
      annotations: {},
    });
  };
}

export interface Expected {
  readonly fromMs: number;
  readonly toMs: number;
  readonly alerts: string;
}

export function ms(text: string): number {
  const value = parseDuration(text);
  if (value === undefined) throw new Error(`not a duration: ${text}`);
  return value;
}

export const at = (time: string, alerts: string): Expected => ({ fromMs: ms(time), toMs: ms(time), alerts });
export const between = (from: string, to: string, alerts: string): Expected => ({
  fromMs: ms(from),
  toMs: ms(to),
  alerts,
});

export class Timeline {
  readonly dispatcher: Dispatcher;
  readonly suppressed: Suppression[] = [];
  readonly #actions: { atMs: number; action: Action }[] = [];
  readonly #sent: NotificationIntent[] = [];
  readonly #startMs: number;
  #fails: (intent: NotificationIntent) => boolean = () => false;
  #answerMs = 0;

  /** `startMs` is the time that `0s` stands for. */
  constructor(config: string, startMs = 0) {
    this.dispatcher = new Dispatcher(configOf(config));
    this.#startMs = startMs;
  }

  at(time: string, ...actions: Action[]): this {
    for (const action of actions) this.#actions.push({ atMs: this.#startMs + ms(time), action });
    return this;
  }

  /** Notifications for which it is true are not accepted. */
  failing(fails: (receiver: string, atMs: number) => boolean): this {
    this.#fails = ({ receiver, at: atMs }) => fails(receiver, atMs - this.#startMs);
    return this;
  }

  /** Receivers take this long to answer. */
  answeringAfter(time: string): this {
    this.#answerMs = ms(time);
    return this;
  }

  until(time: string): this {
    const endMs = this.#startMs + ms(time);
    const actions = [...this.#actions].sort((a, b) => a.atMs - b.atMs);
    const answers: { atMs: number; intent: NotificationIntent }[] = [];
    for (;;) {
      const next = Math.min(
        actions[0]?.atMs ?? Number.POSITIVE_INFINITY,
        answers[0]?.atMs ?? Number.POSITIVE_INFINITY,
        this.dispatcher.nextAt() ?? Number.POSITIVE_INFINITY,
      );
      if (next > endMs) return this;
      while (answers[0]?.atMs === next) this.#settle(answers.shift()!.intent, next);
      while (actions[0]?.atMs === next) actions.shift()!.action(this.dispatcher, next);
      const { notifications, suppressed } = this.dispatcher.advance(next);
      this.suppressed.push(...suppressed);
      for (const intent of notifications) {
        this.#sent.push(intent);
        if (this.#answerMs === 0) this.#settle(intent, next);
        else answers.push({ atMs: next + this.#answerMs, intent });
      }
    }
  }

  #settle(intent: NotificationIntent, atMs: number): void {
    this.dispatcher.settle(intent, { ok: !this.#fails(intent), atMs });
  }

  /** Notifications of one receiver: exactly these, in this order. */
  expect(receiver: string, ...expected: readonly Expected[]): this {
    const sent = this.notifications(receiver);
    const shown = sent.map(({ atMs, alerts }) => `${atMs}ms ${alerts}`);
    const matches =
      sent.length === expected.length &&
      sent.every(({ atMs, alerts }, i) => {
        const { fromMs, toMs, alerts: wanted } = expected[i]!;
        return alerts === wanted && atMs >= fromMs && atMs <= toMs;
      });
    if (!matches)
      expect(shown).toEqual(expected.map(({ fromMs, toMs, alerts }) => `${fromMs}-${toMs}ms ${alerts}`));
    expect(matches).toBe(true);
    return this;
  }

  notifications(receiver: string): { atMs: number; alerts: string; intent: NotificationIntent }[] {
    return this.#sent
      .filter((intent) => intent.receiver === receiver)
      .map((intent) => ({
        atMs: intent.at - this.#startMs,
        alerts: intent.alerts
          .map(({ status, alert }) => (status === 'resolved' ? '-' : '') + alert.labels.get('alertname'))
          .join(' '),
        intent,
      }));
  }
}

export function timeline(config: string, startMs = 0): Timeline {
  return new Timeline(config, startMs);
}
