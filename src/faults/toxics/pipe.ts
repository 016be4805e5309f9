// How bytes go through a proxy. Each direction of a connection is a chain, and each part knows only its neighbours:
//
//     source -> stage -> stage -> drain
//
// A stage is what one toxic does to one direction of one connection. Items are handed on within a turn of the event
// loop unless a stage holds them, and keep their order always, also when a stage is taken out.

/**
 * Bytes; or as the last item the end of the stream (`end`, the other direction stays open), the breaking of the
 * connection (`reset`), or the wish to close both directions once what went before is written (`close`).
 */
export type Item = Buffer | 'end' | 'reset' | 'close';

export interface Taker {
  take(item: Item): void;
  /** When false, the giver waits until its `resume` is called. Taking one more item all the same is no error. */
  readonly hasRoom: boolean;
  /** Whom to call when there is room again. */
  giver: Giver | undefined;
}

export interface Giver {
  next: Taker;
  /** There is room behind; also called when there is no news. */
  resume(): void;
}

export interface Stage extends Taker, Giver {
  /**
   * Ends what the stage does and passes on what it holds, room or not: these bytes are in memory anyway, and the source
   * waits before it gives more. The stage is taken out in the same turn. `removed` is false when its toxic stays, with
   * other settings.
   */
  release(removed: boolean): void;
  /** Forgets what waits: the connection is gone. */
  discard(): void;
}

/** A stage that holds nothing, so that what is behind it decides how much comes. */
export abstract class ThroughStage implements Stage {
  giver: Giver | undefined;
  next: Taker;

  constructor(next: Taker) {
    this.next = next;
  }

  get hasRoom(): boolean {
    return this.next.hasRoom;
  }

  resume(): void {
    this.giver?.resume();
  }

  abstract take(item: Item): void;
  release(_removed: boolean): void {}
  discard(): void {}
}

/** Bytes that wait in all stages together. */
export interface Budget {
  waitingBytes: number;
  readonly waitingBytesMax: number;
}

export function sizeOf(item: Item): number {
  return typeof item === 'string' ? 0 : item.length;
}
