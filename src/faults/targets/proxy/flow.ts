// One direction of one connection: reads from a socket, through the stages of the disturbances, into the other.

import type { Socket } from 'node:net';
import type { Clock } from '../../../base/clock.ts';
import { resetNow } from '../../reset-now.ts';
import { type Budget, type Giver, type Hold, type Item, Stage, type Taker } from './stage.ts';

export class Flow {
  readonly #source: Source;
  readonly #drain: Drain;
  readonly #clock: Clock;
  readonly #budget: Budget;
  #stages: Stage[] = [];

  constructor(from: Socket, to: Socket, clock: Clock, budget: Budget) {
    this.#clock = clock;
    this.#budget = budget;
    this.#drain = new Drain(to);
    this.#source = new Source(from, this.#drain);
  }

  /** Puts a stage behind those that are there. */
  add(hold: Hold): Stage {
    const stage = new Stage(hold, this.#clock, this.#budget, this.#drain);
    this.#stages.push(stage);
    this.#connect();
    return stage;
  }

  remove(stage: Stage): void {
    stage.release();
    this.#stages = this.#stages.filter((other) => other !== stage);
    this.#connect();
  }

  discard(): void {
    for (const stage of this.#stages) stage.discard();
  }

  #connect(): void {
    let giver: Giver & { next: Taker } = this.#source;
    for (const taker of [...this.#stages, this.#drain]) {
      giver.next = taker;
      taker.giver = giver;
      // Whoever waited for a stage that is gone would wait for ever.
      giver.resume();
      if (taker instanceof Stage) giver = taker;
    }
  }
}

class Source implements Giver {
  next: Taker;
  readonly #socket: Socket;

  constructor(socket: Socket, next: Taker) {
    this.#socket = socket;
    this.next = next;
    next.giver = this;
    socket.on('data', (bytes) => {
      this.next.take(bytes);
      if (!this.next.hasRoom) socket.pause();
    });
    socket.on('end', () => this.next.take('end'));
    socket.on('error', () => this.next.take('reset'));
  }

  resume(): void {
    if (this.#socket.isPaused() && this.next.hasRoom) this.#socket.resume();
  }
}

class Drain implements Taker {
  giver: Giver | undefined;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('drain', () => this.giver?.resume());
    // What is left for a socket that is gone is let go.
    socket.on('close', () => this.giver?.resume());
  }

  get hasRoom(): boolean {
    return this.#socket.destroyed || !this.#socket.writableNeedDrain;
  }

  take(item: Item): void {
    if (this.#socket.destroyed) return;
    if (item === 'reset') resetNow(this.#socket);
    else if (item === 'end') this.#socket.end();
    else if (this.#socket.writable) this.#socket.write(item);
  }
}
