// The notification groups of a real Alertmanager, read from its API: an alert that has come into a group, and one that
// is held back, become events. When a group is notified shows at the receivers only.

import type { AlertmanagerConfig } from '../../alertmanager/config/model.ts';
import { Restraint } from '../../alertmanager/dispatch/restraint.ts';
import { buildRoute, groupKey, type Route } from '../../alertmanager/dispatch/route.ts';
import { matchRoutes } from '../../alertmanager/dispatch/routing.ts';
import { RemoteAlertmanager, type RemoteAmAlert, type RemoteAmGroup } from '../../alertmanager/remote.ts';
import type { Clock } from '../../base/clock.ts';
import { type LabelRecord, Labels } from '../../base/labels.ts';
import type { HttpClientSpec } from '../../telemetry/http-client-spec.ts';
import type { AlertRef } from '../timeline.ts';
import type { TimelineLog } from './timeline-log.ts';

export interface RemoteGroupsOptions {
  readonly url: string;
  readonly http: HttpClientSpec;
  readonly config: AlertmanagerConfig;
  /** Only alerts with these labels are looked at; all without any. */
  readonly scope: LabelRecord | undefined;
  readonly clock: Clock;
  readonly timeline: TimelineLog;
  ruleOf(labels: Labels): AlertRef['rule'];
}

const readEveryMs = 1000;

interface Place {
  readonly receiver: string;
  readonly groupKey: string;
  readonly groupLabels: LabelRecord;
  readonly route: readonly string[];
}

/** A place with the route of the configuration that leads there. */
interface Routed {
  readonly place: Place;
  readonly route: Route | undefined;
}

interface Seen {
  /** What held the alert back when it was last told. */
  heldBy: string;
}

export class RemoteGroups {
  readonly #options: RemoteGroupsOptions;
  readonly #remote: RemoteAlertmanager;
  readonly #root: Route;
  readonly #restraint: Restraint;
  readonly #stopping = new AbortController();
  #seen = new Map<string, Seen>();
  #open = new Set<string>();
  #failing = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: RemoteGroupsOptions) {
    this.#options = options;
    this.#remote = new RemoteAlertmanager(options.url, options.http, options.clock);
    this.#root = buildRoute(options.config.route);
    this.#restraint = new Restraint(options.config);
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#remote.close();
  }

  async #run(): Promise<void> {
    const { clock, timeline } = this.#options;
    const source = 'alertmanager';
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#read();
        if (this.#failing) timeline.emit('source.recovered', { source });
        this.#failing = false;
      } catch (error) {
        if (!this.#failing) timeline.emit('source.failed', { source, reason: (error as Error).message });
        this.#failing = true;
      }
      await clock.sleep(readEveryMs, this.#stopping.signal);
    }
  }

  async #read(): Promise<void> {
    const { scope = {} } = this.#options;
    const groups = await this.#remote.groups();
    const isLookedAt = (alert: RemoteAmAlert): boolean =>
      Object.entries(scope).every(([name, value]) => alert.labels[name] === value);
    const seen = new Map<string, Seen>();
    const open = new Set<string>();
    for (const group of groups) {
      for (const alert of group.alerts.filter(isLookedAt)) {
        const { place, route } = this.#placeOf(group, alert);
        const key = `${alert.fingerprint} ${place.receiver} ${place.groupKey}`;
        seen.set(key, this.#seen.get(key) ?? this.#tellGrouped(alert, place, open));
        open.add(`${place.receiver} ${place.groupKey}`);
        const muted = this.#mutedBy(alert, route);
        await this.#tellHeld(seen.get(key)!, alert, muted, place.receiver, groups);
      }
    }
    this.#seen = seen;
    this.#open = open;
  }

  /** The API does not give a group's key; the configuration does. */
  #placeOf({ labels, receiver: { name: receiver } }: RemoteAmGroup, alert: RemoteAmAlert): Routed {
    const groupLabels = Labels.from(labels);
    const routed = matchRoutes(this.#root, Labels.from(alert.labels)).find(
      (each) => each.receiver === receiver,
    );
    const place = {
      receiver,
      groupKey: routed ? groupKey(routed.route, groupLabels) : `${receiver}:${groupLabels.key}`,
      groupLabels: labels,
      route: routed?.path ?? [],
    };
    return { place, route: routed?.route };
  }

  /** Until 0.27 an Alertmanager says nothing of time intervals; its configuration and the time do. */
  #mutedBy({ status: { mutedBy } }: RemoteAmAlert, route: Route | undefined): readonly string[] {
    return mutedBy.length > 0 || !route ? mutedBy : this.#restraint.mutedBy(route, this.#options.clock.now());
  }

  #tellGrouped(alert: RemoteAmAlert, place: Place, open: Set<string>): Seen {
    const group = `${place.receiver} ${place.groupKey}`;
    const opens = !this.#open.has(group) && !open.has(group);
    this.#options.timeline.emit('alert.grouped', { ...this.#refOf(alert), ...place, opens, flushAt: null });
    return { heldBy: '' };
  }

  async #tellHeld(
    seen: Seen,
    alert: RemoteAmAlert,
    mutedBy: readonly string[],
    receiver: string,
    groups: readonly RemoteAmGroup[],
  ): Promise<void> {
    const { silencedBy, inhibitedBy } = alert.status;
    const heldBy = [...inhibitedBy, ...mutedBy, ...silencedBy].join(' ');
    if (heldBy === seen.heldBy) return;
    seen.heldBy = heldBy;
    if (heldBy === '') return;
    const tell = (cause: { reason: 'inhibited' | 'silenced' | 'muted'; by: string; source?: LabelRecord }) =>
      this.#options.timeline.emit('alert.suppressed', { ...this.#refOf(alert), ...cause, receiver });
    if (inhibitedBy.length > 0) {
      const source = groups
        .flatMap((group) => group.alerts)
        .find((each) => inhibitedBy.includes(each.fingerprint));
      const by = source ? JSON.stringify(source.labels) : inhibitedBy.join(', ');
      tell({ reason: 'inhibited', by, ...(source && { source: source.labels }) });
    } else if (mutedBy.length > 0) tell({ reason: 'muted', by: mutedBy.join(', ') });
    else {
      const { createdBy, comment } = await this.#remote.silence(silencedBy[0]!);
      tell({ reason: 'silenced', by: `silence ${silencedBy[0]} by ${createdBy}: ${comment}` });
    }
  }

  #refOf({ labels }: RemoteAmAlert): AlertRef {
    const set = Labels.from(labels);
    return { alert: set.get('alertname'), labels, rule: this.#options.ruleOf(set) };
  }
}
