// Alert states of a remote Prometheus, read from its rules API: what changes between two reads becomes an event. The
// remote's own evaluation interval is the resolution of these times; `activeAt` is the remote's.

import type { Clock } from '../../base/clock.ts';
import { Labels } from '../../base/labels.ts';
import type { RemoteApi } from '../../telemetry/remote/api.ts';
import type {
  RemoteAlert,
  RemoteAlertingRule,
  RemoteRuleGroup,
} from '../../telemetry/remote/rules-answer.ts';
import type { AlertRef } from '../timeline.ts';
import type { AlertWatch } from './alert-watch.ts';
import type { TimelineLog } from './timeline-log.ts';

interface SeenAlert {
  readonly ref: AlertRef;
  readonly state: RemoteAlert['state'];
}

export class RemoteAlerts implements AlertWatch {
  readonly #api: RemoteApi;
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #timeline: TimelineLog;
  readonly #stopping = new AbortController();
  #seen = new Map<string, SeenAlert>();
  #failing: string | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(api: RemoteApi, intervalMs: number, clock: Clock, timeline: TimelineLog) {
    this.#api = api;
    this.#intervalMs = intervalMs;
    this.#clock = clock;
    this.#timeline = timeline;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  active(): readonly { readonly ref: AlertRef; readonly state: 'pending' | 'firing' }[] {
    return [...this.#seen.values()];
  }

  unsteady(): string[] {
    return this.#failing === undefined ? [] : [`the rules API cannot be read: ${this.#failing}`];
  }

  /** The remote notifies; what it has told shows at the capture receiver. */
  untold(): boolean {
    return false;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#read();
      await this.#clock.sleep(this.#intervalMs, this.#stopping.signal);
    }
  }

  async #read(): Promise<void> {
    let groups: readonly RemoteRuleGroup[];
    try {
      groups = await this.#api.rules();
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      if (this.#failing === undefined)
        this.#timeline.emit('source.failed', { source: 'rules API', reason: (error as Error).message });
      this.#failing = (error as Error).message;
      return;
    }
    if (this.#failing !== undefined) this.#timeline.emit('source.recovered', { source: 'rules API' });
    this.#failing = undefined;
    this.#compare(groups);
  }

  #compare(groups: readonly RemoteRuleGroup[]): void {
    const now = new Map<string, SeenAlert>();
    for (const group of groups) {
      for (const rule of group.rules) {
        if (rule.type !== 'alerting') continue;
        for (const alert of rule.alerts) this.#take(group, rule, alert, now);
      }
    }
    for (const [key, { ref, state }] of this.#seen) {
      if (now.has(key)) continue;
      if (state === 'firing') this.#timeline.emit('alert.resolved', { ...ref, value: null });
      else this.#timeline.emit('alert.dropped', ref);
    }
    this.#seen = now;
  }

  #take(
    group: RemoteRuleGroup,
    rule: RemoteAlertingRule,
    alert: RemoteAlert,
    now: Map<string, SeenAlert>,
  ): void {
    const key = `${group.file}\u0000${group.name}\u0000${Labels.from(alert.labels).key}`;
    const ref: AlertRef = {
      alert: rule.name,
      labels: alert.labels,
      rule: { group: group.name, file: group.file },
    };
    now.set(key, { ref, state: alert.state });
    const before = this.#seen.get(key)?.state;
    if (before === alert.state) return;
    const { activeAtMs: activeAt, value, annotations } = alert;
    // A short `for` may be over between two reads: pending was then the time when it became active.
    if (before === undefined && (alert.state === 'pending' || rule.forMs > 0)) {
      this.#timeline.emit(
        'alert.pending',
        { ...ref, activeAt, value, annotations },
        Math.min(activeAt, this.#clock.now()),
      );
    }
    if (alert.state === 'firing')
      this.#timeline.emit('alert.firing', { ...ref, activeAt, value, annotations });
  }
}
