// Shadow: the real pager is held by a silence on exactly the drill's labels, and the drill's alerts, as the real
// Alertmanager got them, go through its own configuration to the capture receiver. Silences of others, and alerts that
// inhibit, count as they do there; our own silence is none.

import type { PostedAlert } from '../../alertmanager/alert.ts';
import { MatcherSyntaxError } from '../../alertmanager/matcher/matcher.ts';
import { NotificationTemplates } from '../../alertmanager/notify/templates/notification-templates.ts';
import { RemoteAlertmanager, type RemoteAmAlert, silenceMatchers } from '../../alertmanager/remote.ts';
import { isShadowOf, ShadowSilence } from '../../alertmanager/shadow/shadow-silence.ts';
import { InvalidSilenceError } from '../../alertmanager/silence/silences.ts';
import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { Labels } from '../../base/labels.ts';
import type { LeaseHandle, Leases } from '../../faults/leases/leases.ts';
import type { ShadowPlan } from '../plan/shadow.ts';
import type { NotificationEvent } from '../timeline.ts';
import { DrillNotifier, type DrillNotifierOptions } from './drill-notifier.ts';
import type { TimelineLog } from './timeline-log.ts';

export interface ShadowOptions extends Omit<DrillNotifierOptions, 'config' | 'templates' | 'isReal'> {
  readonly plan: ShadowPlan;
  readonly leases: Leases;
  readonly clock: Clock;
  readonly timeline: TimelineLog;
  /** How long the run can last. */
  readonly lifeMsMax: number;
  /** Nobody holds the pager any more: the run must stop. */
  onLost(reason: string): void;
}

/** How often the Alertmanager is asked what it holds. */
const readEveryMs = 1000;
/** What is listed now is taken for firing this long: it ends when it is no longer listed. */
const believedMs = 24 * 3_600_000;

export class ShadowSession {
  readonly #options: ShadowOptions;
  readonly #remote: RemoteAlertmanager;
  readonly #lease: LeaseHandle;
  readonly #silence: ShadowSilence;
  readonly #notifier: DrillNotifier;
  readonly #stopping = new AbortController();
  #listed = new Map<string, PostedAlert>();
  #failing: string | undefined;
  #loop: Promise<void> = Promise.resolve();

  /** The pager is held when it resolves. Rejects with a UserError. */
  static async open(options: ShadowOptions): Promise<ShadowSession> {
    const { plan, leases, clock, run, lifeMsMax } = options;
    const { url, http, labels, aheadMs } = plan;
    const lease = await leases.open({
      fault: 'shadow',
      target: 'alertmanager',
      undo: [{ type: 'end-silence', url, http, run }],
      expiresInMs: lifeMsMax,
    });
    const remote = new RemoteAlertmanager(url, http, clock);
    try {
      const onLost = (reason: string) => options.onLost(reason);
      const silence = await ShadowSilence.begin({ remote, clock, run, labels, aheadMs, onLost });
      return new ShadowSession(options, remote, lease, silence);
    } catch (error) {
      // Whether it was made is not known; if it was, it ends by itself.
      await remote.close();
      await lease.settle('undone', 'the silence could not be made, or ends by itself');
      throw error;
    }
  }

  private constructor(
    options: ShadowOptions,
    remote: RemoteAlertmanager,
    lease: LeaseHandle,
    silence: ShadowSilence,
  ) {
    this.#options = options;
    this.#remote = remote;
    this.#lease = lease;
    this.#silence = silence;
    this.#notifier = new DrillNotifier({
      ...options,
      config: options.plan.config,
      templates: new NotificationTemplates([], { isComplete: false }),
      isReal: false,
    });
  }

  start(): void {
    this.#notifier.start();
    this.#loop = this.#run();
  }

  /** What is being told by the notification of that number. */
  telling(notification: number): NotificationEvent | undefined {
    return this.#notifier.telling(notification);
  }

  untold(): boolean {
    return this.#notifier.untold();
  }

  /** Why the Alertmanager cannot be seen, for the steady gate. */
  unsteady(): string[] {
    return this.#failing === undefined ? [] : [`the Alertmanager cannot be read: ${this.#failing}`];
  }

  /**
   * Ends the silence, unless an alert of the drill still fires, or is among `active`: then somebody would be called for
   * it, and the silence is left to its end, which is near.
   */
  async stop(active: readonly string[]): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#notifier.stop();
    try {
      await this.#letGo(active);
    } finally {
      await this.#remote.close();
    }
  }

  async #letGo(active: readonly string[]): Promise<void> {
    const firing = [...this.#listed.values()].map(({ labels }) => labels.get('alertname'));
    const names = [...new Set([...firing, ...active])];
    if (names.length > 0) return this.#leave(`${names.join(', ')} would still be told`);
    try {
      await this.#silence.end();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return this.#leave(error.message);
    }
    await this.#lease.settle('undone', `silence ${this.#silence.id} is ended`);
  }

  /** Nobody renews it any more. */
  async #leave(why: string): Promise<void> {
    await this.#silence.release();
    const until = new Date(this.#silence.endsAt).toISOString();
    const left = `the silence ${this.#silence.id} is left to end by itself, at ${until}`;
    this.#options.timeline.emit('warning', { message: `${why}: ${left}` });
    await this.#lease.settle('undone', left);
  }

  async #run(): Promise<void> {
    const { clock, timeline } = this.#options;
    const source = 'alertmanager';
    while (!this.#stopping.signal.aborted) {
      const failure = await this.#read().then(
        () => undefined,
        (error: Error) => error.message,
      );
      if (failure !== undefined && this.#failing === undefined)
        timeline.emit('source.failed', { source, reason: failure });
      if (failure === undefined && this.#failing !== undefined) timeline.emit('source.recovered', { source });
      this.#failing = failure;
      await clock.sleep(readEveryMs, this.#stopping.signal);
    }
  }

  async #read(): Promise<void> {
    const { plan, clock } = this.#options;
    const [alerts, silences] = await Promise.all([this.#remote.alerts(), this.#remote.silences()]);
    this.#takeSilences(silences);
    const now = clock.now();
    const isOurs = (alert: RemoteAmAlert): boolean =>
      Object.entries(plan.labels).every(([name, value]) => alert.labels[name] === value);
    const posted = (alert: RemoteAmAlert): PostedAlert => ({
      labels: Labels.from(alert.labels),
      annotations: alert.annotations,
      startsAt: alert.startsAt - plan.aheadMs,
      endsAt: now + believedMs,
      generatorUrl: alert.generatorURL,
    });
    const others = alerts.filter((alert) => !isOurs(alert));
    if (plan.config.inhibitRules.length > 0)
      this.#notifier.dispatcher.observe(
        others.map((alert) => ({ ...posted(alert), endsAt: alert.endsAt - plan.aheadMs })),
        now,
      );
    const listed = new Map(alerts.filter(isOurs).map((alert) => [alert.fingerprint, posted(alert)]));
    const gone = [...this.#listed].filter(([key]) => !listed.has(key));
    this.#listed = listed;
    this.#notifier.receive([...listed.values(), ...gone.map(([, alert]) => ({ ...alert, endsAt: now }))]);
  }

  #takeSilences(silences: Awaited<ReturnType<RemoteAlertmanager['silences']>>): void {
    const { plan, run } = this.#options;
    const { silences: known } = this.#notifier.dispatcher;
    for (const silence of silences) {
      const { id, createdBy, comment, startsAt, endsAt, updatedAt } = silence;
      if (isShadowOf(run, silence) || endsAt <= startsAt) continue;
      try {
        known.set({
          id,
          matchers: silenceMatchers(silence),
          startsAt: startsAt - plan.aheadMs,
          endsAt: endsAt - plan.aheadMs,
          updatedAt: updatedAt - plan.aheadMs,
          author: createdBy,
          comment,
          annotations: {},
        });
      } catch (error) {
        // An expression that Go takes and we do not, or a silence beyond our limits: its alerts are told here.
        if (!(error instanceof MatcherSyntaxError || error instanceof InvalidSilenceError)) throw error;
      }
    }
  }
}
