// One direction of one connection: reads from a socket, through the stages of the toxics, into the other.

import type { Socket } from 'node:net';
import type { Intake, IntakeTaker } from './intake.ts';
import type { Giver, Item, Stage, Taker } from './pipe.ts';

/** What a flow tells its connection. */
export interface FlowEnd {
  /** Break both sockets. */
  reset(): void;
  /** Close both sockets, after what has been written to `target`. */
  close(target: Socket): void;
}

export class Flow {
  readonly #source: Source;
  readonly #drain: Drain;
  #stages: Stage[] = [];

  /** `intake` is how `from` is read when it is not by its events. */
  constructor(from: Socket, to: Socket, end: FlowEnd, intake?: Intake) {
    this.#drain = new Drain(to, end);
    this.#source = new Source(from, this.#drain, intake);
  }

  get receivedBytes(): number {
    return this.#source.bytes;
  }

  get sentBytes(): number {
    return this.#drain.bytes;
  }

  /** A number that grows with everything that any flow hears; 0 as long as this one has heard nothing. */
  get heardAt(): number {
    return this.#source.heardAt;
  }

  /** Sees the first bytes as they come, until it returns true. */
  observe(observer: (bytes: Buffer) => boolean): void {
    this.#source.observer = observer;
  }

  /** Puts a stage in; at the end when no place is given. */
  add(make: (next: Taker) => Stage, place = this.#stages.length): Stage {
    const stage = make(this.#drain);
    this.#stages.splice(place, 0, stage);
    this.#connect();
    return stage;
  }

  /** Takes a stage out, and puts the one that `make` gives in its place. */
  replace(stage: Stage, make: (next: Taker) => Stage): Stage {
    stage.release(false);
    const successor = make(this.#drain);
    this.#stages = this.#stages.map((other) => (other === stage ? successor : other));
    this.#connect();
    return successor;
  }

  remove(stage: Stage, removed = true): void {
    stage.release(removed);
    this.#stages = this.#stages.filter((other) => other !== stage);
    this.#connect();
  }

  placeOf(stage: Stage): number {
    return this.#stages.indexOf(stage);
  }

  /** Nothing more is taken over, and what waits is forgotten. */
  discard(): void {
    this.#source.discard();
    for (const stage of this.#stages) stage.discard();
  }

  #connect(): void {
    const givers = [this.#source, ...this.#stages];
    for (const [i, taker] of [...this.#stages, this.#drain].entries()) {
      givers[i]!.next = taker;
      taker.giver = givers[i]!;
    }
    // Whoever waited for a stage that is gone would wait for ever. From the end, and not before all are joined: what is
    // passed on here must not meet the stage that is gone.
    for (const giver of givers.reverse()) giver.resume();
  }
}

let heard = 0;

class Source implements Giver, IntakeTaker {
  next: Taker;
  bytes = 0;
  heardAt = 0;
  observer: ((bytes: Buffer) => boolean) | undefined;
  readonly #socket: Socket;
  #discarding = false;
  #waiting = false;

  constructor(socket: Socket, next: Taker, intake: Intake | undefined) {
    this.#socket = socket;
    this.next = next;
    next.giver = this;
    if (intake) intake.taker = this;
    else socket.on('data', (bytes) => this.#pass(bytes));
    socket.on('end', () => this.#give('end'));
    socket.on('error', () => this.#give('reset'));
  }

  get keepsNone(): boolean {
    return this.next instanceof Drain && this.next.isEmpty;
  }

  get wantsMore(): boolean {
    this.#waiting = !this.#discarding && !this.next.hasRoom;
    return !this.#waiting;
  }

  resume(): void {
    if (!this.#waiting || !this.next.hasRoom) return;
    this.#waiting = false;
    this.#socket.resume();
  }

  discard(): void {
    this.#discarding = true;
    this.#waiting = false;
    this.#socket.resume();
  }

  take(bytes: Buffer): void {
    this.bytes += bytes.length;
    this.heardAt = ++heard;
    if (this.observer?.(bytes)) this.observer = undefined;
    this.#give(bytes);
  }

  #pass(bytes: Buffer): void {
    this.take(bytes);
    if (!this.wantsMore) this.#socket.pause();
  }

  #give(item: Item): void {
    if (!this.#discarding) this.next.take(item);
  }
}

class Drain implements Taker {
  giver: Giver | undefined;
  bytes = 0;
  readonly #socket: Socket;
  readonly #end: FlowEnd;

  constructor(socket: Socket, end: FlowEnd) {
    this.#socket = socket;
    this.#end = end;
    socket.on('drain', () => this.giver?.resume());
    // What is left for a socket that is gone is let go.
    socket.on('close', () => this.giver?.resume());
  }

  get hasRoom(): boolean {
    return this.#socket.destroyed || !this.#socket.writableNeedDrain;
  }

  /** Everything that came is with the system. */
  get isEmpty(): boolean {
    return this.#socket.writableLength === 0;
  }

  take(item: Item): void {
    if (item === 'reset') this.#end.reset();
    else if (item === 'close') this.#end.close(this.#socket);
    else if (item === 'end') this.#socket.end();
    else if (this.#socket.writable) {
      this.bytes += item.length;
      this.#socket.write(item);
    }
  }
}
