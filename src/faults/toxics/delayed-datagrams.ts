import type { DatagramStage, ToxicPlace } from './toxic.ts';

/** Datagrams that wait at a time in one direction of a session; beyond them they are lost, as in a full queue. */
const waitingMax = 4096;

/** Each datagram waits by itself, so that one may overtake another, as on a network. */
export class DelayedDatagrams implements DatagramStage {
  readonly #delayMs: (datagram: Buffer) => number;
  readonly #place: Pick<ToxicPlace, 'clock' | 'budget'>;
  readonly #interruption = new AbortController();
  #waiting = 0;

  /** `delayMs` says how long a datagram waits; infinity loses it. */
  constructor(delayMs: (datagram: Buffer) => number, place: Pick<ToxicPlace, 'clock' | 'budget'>) {
    this.#delayMs = delayMs;
    this.#place = place;
  }

  take(datagram: Buffer, pass: (datagram: Buffer) => void): void {
    const delayMs = this.#delayMs(datagram);
    const { budget } = this.#place;
    const full = this.#waiting >= waitingMax || budget.waitingBytes >= budget.waitingBytesMax;
    if (delayMs === 0) pass(datagram);
    else if (!full && Number.isFinite(delayMs)) void this.#passLater(datagram, delayMs, pass);
  }

  release(): void {
    this.#interruption.abort();
  }

  async #passLater(datagram: Buffer, delayMs: number, pass: (datagram: Buffer) => void): Promise<void> {
    const { budget, clock } = this.#place;
    this.#waiting++;
    budget.waitingBytes += datagram.length;
    await clock.sleep(delayMs, this.#interruption.signal);
    this.#waiting--;
    budget.waitingBytes -= datagram.length;
    pass(datagram);
  }
}
