// The watchdog: a process of its own that holds a run's leases. It waits until the runner says goodbye. When the
// runner dies, or no longer answers, or a lease expires, it takes back what the run did, without being asked.
//
//     runner ── ping every 250 ms ──▶ watchdog        runner's death closes the channel at once
//            ◀── pong, expired ──────                 its silence or a SIGSTOP is noticed by counting own ticks
//
// Ticks are counted, not clock time, so that a machine that slept or a watchdog that was stopped itself does not take
// its own absence for the runner's. Imports nothing heavy: it must be ready within 100 ms.

import type { Clock } from '../../base/clock.ts';
import { isAlive, statOf, ticksPerSecond } from '../targets/process/proc.ts';
import { sendSignal } from '../targets/process/signal.ts';
import type { ProcessId } from '../targets/target.ts';
import type { Journal } from './journal.ts';
import type { Lease } from './lease.ts';
import { undoAndSettle } from './settle.ts';
import { inUndoOrder, undoLease } from './undo.ts';

/** How the watchdog is started: one JSON argument. */
export interface WatchdogOrder {
  readonly state: string;
  readonly run: string;
  readonly runner: ProcessId;
  /** Silence after which a runner that does not work either (stopped, blocked) counts as hung. */
  readonly hungAfterMs: number;
  /** Silence after which a runner counts as hung although it uses the processor: a computation that got lost. */
  readonly busyAfterMs: number;
}

export type ToWatchdog = 'ping' | 'goodbye';
export type FromWatchdog =
  | { readonly type: 'ready'; readonly watchdog: ProcessId }
  | { readonly type: 'pong' }
  /** The lease was over; what could be undone from outside is undone. */
  | { readonly type: 'expired'; readonly lease: string };

/** Distance of the heartbeats in both directions. */
export const tickMs = 250;

const expiryCheckTicks = 4;
/** An expired lease that only its owner can end: time that the owner gets before it is ended for that. */
const overduePatienceTicks = 20;
/** Share of a processor above which a silent runner is at work: little, because the drill may be starving it. */
const busyShareMin = 0.05;
/** Rounds over what could not be undone at once, and the wait between them. */
const roundsMax = 3;
const roundWaitMs = 300;

export class Watchdog {
  readonly #journal: Journal;
  readonly #order: WatchdogOrder;
  readonly #clock: Clock;
  readonly #send: (message: FromWatchdog) => void;
  readonly #wake = new AbortController();
  #goodbye = false;
  #silentTicks = 0;
  #cpuTicksAtPing: number;
  readonly #overdueTicks = new Map<string, number>();

  constructor(journal: Journal, order: WatchdogOrder, clock: Clock, send: (message: FromWatchdog) => void) {
    this.#journal = journal;
    this.#order = order;
    this.#clock = clock;
    this.#send = send;
    this.#cpuTicksAtPing = this.#runnerCpuTicks();
  }

  receive(message: ToWatchdog): void {
    this.#silentTicks = 0;
    this.#cpuTicksAtPing = this.#runnerCpuTicks();
    if (message === 'ping') this.#send({ type: 'pong' });
    else this.#goodbye = true;
    if (this.#goodbye) this.#wake.abort();
  }

  /** The channel has closed: the runner is dead, or dying. */
  disconnected(): void {
    this.#wake.abort();
  }

  /** Resolves when there is nothing left to watch over. */
  async watch(): Promise<void> {
    const why = await this.#untilNeeded();
    if (why === undefined) return;
    await this.#undoAll(why);
    await this.#journal.runs.remove(this.#order.run);
    await this.#journal.removeTorn();
  }

  /** Why the run's faults must be undone now; undefined when the runner has done so itself and left. */
  async #untilNeeded(): Promise<string | undefined> {
    const { runner } = this.#order;
    for (let tick = 1; ; tick++) {
      await this.#clock.sleep(tickMs, this.#wake.signal);
      if (this.#goodbye) return undefined;
      if (!isAlive(runner)) return 'the runner died';
      if (this.#wake.signal.aborted) return await this.#afterDisconnect();
      this.#silentTicks++;
      const hung = this.#hung() ?? (tick % expiryCheckTicks === 0 ? await this.#checkExpiries() : undefined);
      if (hung !== undefined) {
        await this.#endRunner();
        return hung;
      }
    }
  }

  /** A dying process closes its channels a little before it is gone. */
  async #afterDisconnect(): Promise<string> {
    const { runner } = this.#order;
    for (let waitedMs = 0; isAlive(runner) && waitedMs < this.#order.hungAfterMs; waitedMs += 10)
      await this.#clock.sleep(10);
    if (!isAlive(runner)) return 'the runner died';
    await this.#endRunner();
    return 'the runner closed its channel';
  }

  #hung(): string | undefined {
    const silentMs = this.#silentTicks * tickMs;
    if (silentMs < this.#order.hungAfterMs) return undefined;
    const usedMs = ((this.#runnerCpuTicks() - this.#cpuTicksAtPing) * 1000) / ticksPerSecond;
    const isBusy = usedMs > silentMs * busyShareMin;
    if (isBusy && silentMs < this.#order.busyAfterMs) return undefined;
    return `the runner did not answer for ${silentMs / 1000}s`;
  }

  /** Undoes leases that are over. Returns why the runner must be ended, if one of them cannot end otherwise. */
  async #checkExpiries(): Promise<string | undefined> {
    const { boot } = this.#journal.around;
    for (const lease of await this.#openLeases()) {
      if (lease.expiresAtBootMs > boot.nowMs()) continue;
      const overdueTicks = this.#overdueTicks.get(lease.id) ?? 0;
      this.#overdueTicks.set(lease.id, overdueTicks + expiryCheckTicks);
      if (overdueTicks === 0) this.#send({ type: 'expired', lease: lease.id });
      if (overdueTicks >= overduePatienceTicks) return `${lease.fault} was not undone at its time`;
      await this.#undoExpired(lease);
    }
    return undefined;
  }

  // The first attempt is not recorded as `stuck`: the runner has just been told, and may be about to undo it.
  async #undoExpired(lease: Lease): Promise<void> {
    const context = this.#context();
    const outcome = await undoLease(lease, context);
    if (outcome.undone)
      await undoAndSettle(this.#journal, lease, context, 'expired').catch(() => {
        // An unwritable journal leaves the lease open on disk; it is undone all the same, and will be again.
      });
  }

  // A hung runner that woke up later could go on injecting, so it does not get the chance.
  async #endRunner(): Promise<void> {
    const { runner } = this.#order;
    sendSignal(runner, 'SIGKILL');
    for (let waitedMs = 0; isAlive(runner) && waitedMs < 1000; waitedMs += 10) await this.#clock.sleep(10);
  }

  /** Faults first, side by side, because one that hangs must not hold up the others; then the targets. */
  async #undoAll(why: string): Promise<void> {
    for (let round = 0; round < roundsMax; round++) {
      const open = await this.#openLeases();
      if (open.length === 0) return;
      if (round > 0) await this.#clock.sleep(roundWaitMs);
      const isTarget = (lease: Lease) => lease.fault === 'target';
      await Promise.all(open.filter((lease) => !isTarget(lease)).map((lease) => this.#undo(lease, why)));
      await Promise.all(open.filter(isTarget).map((lease) => this.#undo(lease, why)));
    }
  }

  async #undo(lease: Lease, why: string): Promise<void> {
    await undoAndSettle(this.#journal, lease, this.#context(), why).catch(() => {
      // As above: what cannot be written down is still undone, and found again by `firedrill undo`.
    });
  }

  async #openLeases(): Promise<Lease[]> {
    const { leases } = await this.#journal.list(this.#order.run);
    return inUndoOrder(leases.filter((lease) => lease.state !== 'undone'));
  }

  #context() {
    const leases = async () => (await this.#journal.list(this.#order.run)).leases;
    return { clock: this.#clock, graceMs: 0, boot: this.#journal.around.boot, leases };
  }

  #runnerCpuTicks(): number {
    return statOf(this.#order.runner)?.cpuTicks ?? 0;
  }
}
