import { type Item, type Taker, ThroughStage } from '../pipe.ts';
import { type Exchange, endsConnection, type HttpFault } from './exchange.ts';
import { fieldOf, type MessageHead, MessageReader, requestFraming } from './message-reader.ts';

const requestLine = {
  // A lone word may be another protocol's, whose client waits for an answer to it.
  beginning: /^[A-Z][A-Z-]{0,23} /,
  whole: /^[A-Z][A-Z-]* \S+ HTTP\/1\.[01]$/,
};

export interface RequestListener {
  /** Chooses the fault of a request, if it gets one. */
  choose(method: string, path: string): HttpFault | undefined;
  /** Before the upstream sees the request. */
  begun(exchange: Exchange): void;
  /** A request that the upstream shall not see is complete. */
  complete(exchange: Exchange): void;
}

/**
 * Reads the requests of a connection, tells of each, and keeps those from the upstream that it shall not see. Where no
 * request begins, bytes pass unread: the toxic may have come in the middle of one, or it is another protocol.
 */
export class RequestStage extends ThroughStage {
  readonly #reader = new MessageReader(requestLine);
  readonly #listener: RequestListener;
  /** The request under way, when the upstream does not see it. */
  #swallowed: Exchange | undefined;
  /** From here on the connection speaks another protocol. */
  #upgraded = false;

  constructor(listener: RequestListener, next: Taker) {
    super(next);
    this.#listener = listener;
  }

  take(item: Item): void {
    if (!this.#upgraded && typeof item !== 'string') {
      this.#reader.push(item);
      while (this.#step());
    } else {
      this.#passUnread();
      this.next.take(item);
    }
  }

  override release(): void {
    // The upstream would take the rest of a request whose beginning it has not seen for another.
    if (this.#swallowed) this.next.take('close');
    else this.#passUnread();
  }

  /** False when more bytes are needed. */
  #step(): boolean {
    const event = this.#reader.next();
    if (!event) return false;
    if (event.type === 'head') this.#begin(event.head);
    else if (event.type === 'foreign') this.#passUnread();
    else if (event.type === 'end') this.#end();
    else if (!this.#swallowed) this.next.take(event.bytes);
    return event.type !== 'foreign' && !this.#upgraded;
  }

  #begin(head: MessageHead): void {
    const [method = '', target = ''] = head.startLine.split(' ');
    const fault = this.#listener.choose(method, pathOf(target));
    const answeredHere = fault !== undefined && fault.status > 0;
    const exchange = { method, fault, answeredHere, last: endsConnection(head), waited: false };
    this.#reader.expect(requestFraming(head));
    this.#listener.begun(exchange);
    if (answeredHere) {
      this.#swallow(head, exchange);
      return;
    }
    this.next.take(head.raw);
    if (method === 'CONNECT' || fieldOf(head, 'upgrade') !== undefined) {
      this.#upgraded = true;
      this.#passUnread();
    }
  }

  #swallow(head: MessageHead, exchange: Exchange): void {
    this.#swallowed = exchange;
    // The body comes only after a word from the server, and this answer is not that word.
    if (fieldOf(head, 'expect') !== '100-continue') return;
    this.#reader.expect({ type: 'rest' });
    this.#listener.complete(exchange);
  }

  #end(): void {
    const exchange = this.#swallowed;
    this.#swallowed = undefined;
    if (exchange) this.#listener.complete(exchange);
  }

  #passUnread(): void {
    const rest = this.#reader.takeRest();
    if (rest.length > 0 && !this.#swallowed) this.next.take(rest);
  }
}

/** Without the query; a request to a proxy names the whole address. */
function pathOf(target: string): string {
  const path = URL.canParse(target) ? new URL(target).pathname : target;
  return path.split('?', 1)[0]!;
}
