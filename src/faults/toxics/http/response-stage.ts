import type { Clock } from '../../../base/clock.ts';
import { type Item, type Taker, ThroughStage } from '../pipe.ts';
import { changedHead, type Exchange, ownAnswer } from './exchange.ts';
import { hasNoBody, type MessageHead, MessageReader, responseFraming } from './message-reader.ts';

const statusLine = { beginning: /^(H(T(T(P(\/.*)?)?)?)?)?$/s, whole: /^HTTP\/1\.[01] \d{3}( |$)/ };
const waitingBytesMax = 64 * 2 ** 10;

/** Reads the answers of a connection, pairs them with the requests, and does to them what these shall get. */
export class ResponseStage extends ThroughStage {
  readonly #reader = new MessageReader(statusLine);
  readonly #clock: Clock;
  /** Requests whose answers have not ended, in their order. Without one, bytes pass unread. */
  #exchanges: Exchange[] = [];
  /** Those of them whose answers are ours and may go when it is their turn. */
  readonly #complete = new Set<Exchange>();
  readonly #over = new AbortController();
  /** What the reader has not seen yet: it came while an answer waits for its time. */
  #waiting: Item[] = [];
  #waitingBytes = 0;
  /** An answer waits for its time. */
  #held = false;
  /** The upstream's head that waits for it. */
  #heldHead: MessageHead | undefined;
  /** The upstream's body is left out: another has been sent. */
  #replacing = false;

  constructor(clock: Clock, next: Taker) {
    super(next);
    this.#clock = clock;
  }

  override get hasRoom(): boolean {
    return this.next.hasRoom && this.#waitingBytes < waitingBytesMax;
  }

  take(item: Item): void {
    this.#waiting.push(item);
    if (typeof item !== 'string') this.#waitingBytes += item.length;
    this.#advance();
  }

  begin(exchange: Exchange): void {
    this.#exchanges.push(exchange);
  }

  /** The request, which the upstream has not seen, is complete. */
  answer(exchange: Exchange): void {
    this.#complete.add(exchange);
    this.#advance();
  }

  override release(): void {
    this.#over.abort();
    this.#held = false;
    for (const exchange of this.#exchanges) exchange.waited = true;
    this.#advance();
    this.#passUnread();
    // What is left of a body that was replaced would be taken for an answer.
    if (this.#replacing) this.next.take('close');
  }

  override discard(): void {
    this.#over.abort();
    this.#waiting = [];
  }

  #advance(): void {
    while (!this.#held && (this.#giveOwn() || this.#passOne() || this.#readOn()));
    this.giver?.resume();
  }

  /** Whether an answer of ours was due, and has gone. */
  #giveOwn(): boolean {
    const exchange = this.#exchanges[0];
    if (!exchange || !this.#complete.has(exchange) || this.#holdBack(exchange)) return false;
    this.#complete.delete(exchange);
    this.#exchanges.shift();
    this.next.take(ownAnswer(exchange));
    if (exchange.last) this.next.take('close');
    return true;
  }

  /** Whether something of the upstream's answers has been passed on. */
  #passOne(): boolean {
    const exchange = this.#exchanges[0];
    if (this.#held || !exchange) return false;
    if (this.#heldHead) return this.#passHead(this.#heldHead, exchange);
    const event = this.#reader.next();
    switch (event?.type) {
      case 'head':
        this.#heldHead = event.head;
        return !this.#holdBack(exchange);
      case 'body':
        if (!this.#replacing) this.next.take(event.bytes);
        return true;
      case 'end':
        this.#replacing = false;
        this.#exchanges.shift();
        return true;
      case 'foreign':
        this.#exchanges = [];
        return true;
      default:
        return false;
    }
  }

  /** Whether the reader has got more, or somebody the end. */
  #readOn(): boolean {
    if (this.#held) return false;
    if (this.#exchanges.length === 0) this.#passUnread();
    const item = this.#waiting[0];
    if (item === undefined) return false;
    // The end of the upstream's stream is not the end of the answers that are ours to give.
    const owed = this.#exchanges.some(({ answeredHere }) => answeredHere);
    if (item === 'end' && owed) return false;
    this.#waiting.shift();
    if (typeof item === 'string') {
      this.#passUnread();
      this.next.take(item);
      return true;
    }
    this.#waitingBytes -= item.length;
    this.#reader.push(item);
    return true;
  }

  #passHead(head: MessageHead, { method, fault }: Exchange): true {
    this.#heldHead = undefined;
    const status = Number(head.startLine.split(' ')[1]);
    this.#reader.expect(responseFraming(head, status, method));
    if (status === 101 || (method === 'CONNECT' && status < 300)) this.#exchanges = [];
    else if (status < 200) {
      // Another head of the same answer follows.
      this.#reader.next();
      this.next.take(head.raw);
      return true;
    }
    if (!fault || (fault.body === undefined && Object.keys(fault.headers).length === 0)) {
      this.next.take(head.raw);
      return true;
    }
    this.#replacing = fault.body !== undefined && method !== 'HEAD' && !hasNoBody(status);
    this.next.take(changedHead(head, fault, this.#replacing));
    if (this.#replacing) this.next.take(Buffer.from(fault.body!));
    return true;
  }

  /** Whether the answer has to wait; it goes on by itself when its time has come. */
  #holdBack(exchange: Exchange): boolean {
    const latencyMs = exchange.fault?.latency ?? 0;
    if (latencyMs === 0 || exchange.waited) return false;
    exchange.waited = true;
    this.#held = true;
    void this.#clock.sleep(latencyMs, this.#over.signal).then(() => {
      if (this.#over.signal.aborted) return;
      this.#held = false;
      this.#advance();
    });
    return true;
  }

  #passUnread(): void {
    const rest = this.#reader.takeRest();
    if (rest.length > 0 && !this.#replacing) this.next.take(rest);
  }
}
