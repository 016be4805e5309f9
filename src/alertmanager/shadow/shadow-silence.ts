// The silence that holds the real pager while a drill's alerts go to the capture receiver. It is a lease: it always has
// an end that is near, which the run moves on as long as it lives; after a crash it ends by itself. Whoever undoes the
// lease finds it by the run's id in its comment, so it can be written down before it exists.

import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import type { LabelRecord } from '../../base/labels.ts';
import type { RemoteAlertmanager, RemoteSilence } from '../remote.ts';

const author = 'firedrill';

export interface ShadowSilenceOptions {
  readonly remote: RemoteAlertmanager;
  readonly clock: Clock;
  readonly run: string;
  /** The silence is for exactly the alerts with these labels. */
  readonly labels: LabelRecord;
  /** How far its clock is ahead of ours: all times of a silence are the Alertmanager's. */
  readonly aheadMs: number;
  /** The silence is gone, or will be before it can be held: somebody real may be called. Called once. */
  onLost(reason: string): void;
}

/** How long the silence outlives the last sign of life. */
export const shadowLeaseMs = 30_000;
const renewEveryMs = 5000;
/** With less than this left, and no way to renew it, the silence counts as lost. */
const lostLeftMs = 10_000;

/** Whether a silence is one of that run's. */
export function isShadowOf(run: string, { createdBy, comment }: RemoteSilence): boolean {
  return createdBy === author && comment.startsWith(`${commentOf(run)};`);
}

function commentOf(run: string): string {
  return `firedrill run ${run}`;
}

export class ShadowSilence {
  readonly #options: ShadowSilenceOptions;
  readonly #id: string;
  readonly #startsAt: number;
  readonly #stopping = new AbortController();
  /** In our time. */
  #endsAt: number;
  #renewing: Promise<void> = Promise.resolve();

  /** In force when it resolves, and renewed from then on. Rejects with a UserError. */
  static async begin(options: ShadowSilenceOptions): Promise<ShadowSilence> {
    const { remote, clock } = options;
    const endsAt = clock.now() + shadowLeaseMs;
    // A start that is past means now, whatever the Alertmanager's clock says.
    const id = await remote.postSilence(wanted(options, 0, endsAt));
    const made = await remote.silence(id);
    if (made.status.state !== 'active')
      throw UserError.of('FD809', `the silence ${id} that should hold the pager is ${made.status.state}`);
    const silence = new ShadowSilence(options, made, endsAt);
    silence.#renewing = silence.#renew();
    return silence;
  }

  private constructor(options: ShadowSilenceOptions, { id, startsAt }: RemoteSilence, endsAt: number) {
    this.#options = options;
    this.#id = id;
    this.#startsAt = startsAt;
    this.#endsAt = endsAt;
  }

  get id(): string {
    return this.#id;
  }

  /** When it ends by itself if nobody renews it, Unix milliseconds of our clock. */
  get endsAt(): number {
    return this.#endsAt;
  }

  /** No longer renews it; it ends by itself. */
  async release(): Promise<void> {
    this.#stopping.abort();
    await this.#renewing;
  }

  /** Ends it now. */
  async end(): Promise<void> {
    await this.release();
    await this.#options.remote.expireSilence(this.#id);
  }

  async #renew(): Promise<void> {
    const { clock, onLost } = this.#options;
    const { signal } = this.#stopping;
    for (let waitMs = renewEveryMs; ; ) {
      await clock.sleep(waitMs, signal);
      if (signal.aborted) return;
      const lost = await this.#renewOnce();
      if (lost !== undefined && !signal.aborted) return onLost(lost);
      waitMs = this.#endsAt - clock.now() > shadowLeaseMs - renewEveryMs ? renewEveryMs : 1000;
    }
  }

  /** Why it is lost; undefined when it holds, or may yet be renewed. */
  async #renewOnce(): Promise<string | undefined> {
    const { remote, clock } = this.#options;
    try {
      const { status } = await remote.silence(this.#id);
      // Whoever ended it wants the pager to ring: it is not made anew.
      if (status.state !== 'active') return `the silence ${this.#id} was ended by another hand`;
      const endsAt = clock.now() + shadowLeaseMs;
      const id = await remote.postSilence({
        id: this.#id,
        ...wanted(this.#options, this.#startsAt, endsAt),
      });
      if (id !== this.#id) return `the silence ${this.#id} was changed by another hand`;
      this.#endsAt = endsAt;
      return undefined;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const leftMs = this.#endsAt - clock.now();
      return leftMs < lostLeftMs ? `the silence ${this.#id} cannot be renewed: ${error.message}` : undefined;
    }
  }
}

/** `startsAt` in the Alertmanager's time, `endsAt` in ours. */
function wanted({ labels, run, aheadMs }: ShadowSilenceOptions, startsAt: number, endsAt: number) {
  return {
    labels,
    startsAt,
    endsAt: endsAt + aheadMs,
    createdBy: author,
    comment: `${commentOf(run)}; its alerts go to the drill's capture receiver, and this silence ends by itself`,
  };
}

/** Ends what a run has left; how many there were. Any process may do this, more than once. */
export async function endShadows(remote: RemoteAlertmanager, run: string): Promise<number> {
  const open = await openShadows(remote, run);
  for (const { id } of open) await remote.expireSilence(id);
  const left = await openShadows(remote, run);
  if (left.length > 0) throw UserError.of('FD809', `silence ${left[0]!.id} is still in force`);
  return open.length;
}

async function openShadows(remote: RemoteAlertmanager, run: string): Promise<RemoteSilence[]> {
  const silences = await remote.silences();
  return silences.filter((silence) => isShadowOf(run, silence) && silence.status.state !== 'expired');
}
