// What Alertmanager holds back, read from its API v2 while the rows are played.

import { systemClock } from '../../../src/base/clock.ts';
import type { TimelineLog } from '../../../src/experiment/run/timeline-log.ts';

interface HeldAlert {
  readonly labels: Record<string, string>;
  readonly fingerprint: string;
  readonly receivers: readonly { readonly name: string }[];
  readonly status: { readonly silencedBy: readonly string[]; readonly inhibitedBy: readonly string[] };
}

interface KnownSilence {
  readonly id: string;
  readonly createdBy: string;
  readonly comment: string;
}

export class SuppressionWatch {
  readonly #url: string;
  readonly #intervalMs: number;
  readonly #timeline: TimelineLog;
  readonly #stopping = new AbortController();
  readonly #told = new Set<string>();
  #loop: Promise<void> = Promise.resolve();

  constructor(url: string, intervalMs: number, timeline: TimelineLog) {
    this.#url = url;
    this.#intervalMs = intervalMs;
    this.#timeline = timeline;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const [alerts, silences] = await Promise.all([
        this.#read<HeldAlert[]>('alerts'),
        this.#read<KnownSilence[]>('silences'),
      ]);
      for (const alert of alerts) this.#tell(alert, alerts, silences);
      await systemClock.sleep(this.#intervalMs, this.#stopping.signal);
    }
  }

  #tell(alert: HeldAlert, all: readonly HeldAlert[], silences: readonly KnownSilence[]): void {
    const { labels, status } = alert;
    const silence = silences.find(({ id }) => status.silencedBy.includes(id));
    const source = all.find(({ fingerprint }) => status.inhibitedBy.includes(fingerprint))?.labels;
    if (!silence && !source) return;
    for (const { name: receiver } of alert.receivers) {
      const key = `${alert.fingerprint} ${receiver} ${silence?.id ?? ''}`;
      if (this.#told.has(key)) continue;
      this.#told.add(key);
      this.#timeline.emit('alert.suppressed', {
        alert: labels.alertname!,
        labels,
        rule: { group: labels.row!, file: '' },
        receiver,
        ...(source
          ? { reason: 'inhibited', by: `{alertname="${source.alertname}"}`, source }
          : { reason: 'silenced', by: `${silence!.createdBy}: ${silence!.comment}` }),
      });
    }
  }

  async #read<T>(path: string): Promise<T> {
    return (await (await fetch(`${this.#url}/api/v2/${path}`)).json()) as T;
  }
}
