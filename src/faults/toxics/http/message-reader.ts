// Finds where HTTP/1.x messages begin and end in a stream of bytes, without changing any: RFC 9112.

/** A message's head: its first line, and its header fields in their order and as they are written. */
export interface MessageHead {
  readonly startLine: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** As it came, with the empty line. */
  readonly raw: Buffer;
}

export type BodyFraming =
  | { readonly type: 'length'; readonly bytes: number }
  | { readonly type: 'chunked' }
  /** Until the connection ends. */
  | { readonly type: 'rest' };

export type MessageEvent =
  /** The reader goes on when `expect` has told it how the body is framed. */
  | { readonly type: 'head'; readonly head: MessageHead }
  /** A part of the body as it is on the line, with the sizes of chunks. */
  | { readonly type: 'body'; readonly bytes: Buffer }
  | { readonly type: 'end' }
  /** What came is not HTTP/1.x. */
  | { readonly type: 'foreign' };

const headBytesMax = 64 * 2 ** 10;
const chunkLineBytesMax = 4096;
const beginningBytes = 25;

/** What a message begins with. */
export interface StartLine {
  /** Of the first bytes, when the line is not whole yet. */
  readonly beginning: RegExp;
  readonly whole: RegExp;
}

export class MessageReader {
  readonly #startLine: StartLine;
  #bytes: Buffer = Buffer.alloc(0);
  #state: 'head' | 'framing' | 'length' | 'chunk-size' | 'chunk' | 'trailer' | 'rest' = 'head';
  /** Of the body or of the chunk with its line end. */
  #leftBytes = 0;

  constructor(startLine: StartLine) {
    this.#startLine = startLine;
  }

  push(bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
  }

  /** What is not read yet. */
  takeRest(): Buffer {
    return this.#take(this.#bytes.length);
  }

  expect(framing: BodyFraming): void {
    this.#leftBytes = framing.type === 'length' ? framing.bytes : 0;
    this.#state = framing.type === 'chunked' ? 'chunk-size' : framing.type;
  }

  /** Undefined when more bytes are needed. */
  next(): MessageEvent | undefined {
    switch (this.#state) {
      case 'head':
        return this.#head();
      case 'framing':
        throw new Error('the framing of the body is not known yet');
      case 'length':
        return this.#leftBytes === 0 ? this.#end() : this.#body();
      case 'chunk':
        if (this.#leftBytes > 0) return this.#body();
        this.#state = 'chunk-size';
        return this.next();
      case 'chunk-size':
        return this.#chunkSize();
      case 'trailer':
        return this.#trailer();
      case 'rest':
        return this.#bytes.length === 0 ? undefined : { type: 'body', bytes: this.takeRest() };
    }
  }

  #head(): MessageEvent | undefined {
    if (this.#bytes.length === 0) return undefined;
    const length = this.#bytes.indexOf('\r\n\r\n') + 4;
    if (!this.#beginsWell()) return { type: 'foreign' };
    if (length < 4) return this.#bytes.length > headBytesMax ? { type: 'foreign' } : undefined;
    const raw = this.#take(length);
    const [startLine = '', ...lines] = raw.toString('latin1', 0, length - 4).split('\r\n');
    const fields = lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    this.#state = 'framing';
    return { type: 'head', head: { startLine, fields, raw } };
  }

  /** Looks at as little as there is: who speaks another protocol must not be kept waiting for a line's end. */
  #beginsWell(): boolean {
    const lineEnd = this.#bytes.indexOf('\r\n');
    if (lineEnd >= 0) return this.#startLine.whole.test(this.#bytes.toString('latin1', 0, lineEnd));
    return this.#startLine.beginning.test(this.#bytes.toString('latin1', 0, beginningBytes));
  }

  #body(): MessageEvent | undefined {
    const bytes = this.#take(Math.min(this.#leftBytes, this.#bytes.length));
    if (bytes.length === 0) return undefined;
    this.#leftBytes -= bytes.length;
    return { type: 'body', bytes };
  }

  #chunkSize(): MessageEvent | undefined {
    const line = this.#line();
    if (!line) return this.#bytes.length > chunkLineBytesMax ? { type: 'foreign' } : undefined;
    const size = Number.parseInt(line.toString('latin1'), 16);
    if (!(size >= 0)) return { type: 'foreign' };
    this.#state = size === 0 ? 'trailer' : 'chunk';
    this.#leftBytes = size + 2;
    return { type: 'body', bytes: line };
  }

  #trailer(): MessageEvent | undefined {
    const line = this.#line();
    if (!line) return undefined;
    if (line.length <= 2) {
      this.#state = 'length';
      this.#leftBytes = 0;
    }
    return { type: 'body', bytes: line };
  }

  #end(): MessageEvent {
    this.#state = 'head';
    return { type: 'end' };
  }

  #line(): Buffer | undefined {
    const end = this.#bytes.indexOf('\n');
    return end < 0 ? undefined : this.#take(end + 1);
  }

  #take(length: number): Buffer {
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }
}

/** The value of the field of this name, in lower case; several are joined as RFC 9110 has it. */
export function fieldOf(head: MessageHead, name: string): string | undefined {
  const values = head.fields.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(', ').toLowerCase();
}

/** RFC 9112, section 6.3. */
export function requestFraming(head: MessageHead): BodyFraming {
  if (isChunked(head)) return { type: 'chunked' };
  return { type: 'length', bytes: contentLength(head) ?? 0 };
}

/** As `requestFraming`, of the answer to a request with this method. */
export function responseFraming(head: MessageHead, status: number, method: string): BodyFraming {
  if (method === 'HEAD' || hasNoBody(status)) return { type: 'length', bytes: 0 };
  if (isChunked(head)) return { type: 'chunked' };
  const bytes = contentLength(head);
  return bytes === undefined ? { type: 'rest' } : { type: 'length', bytes };
}

export function hasNoBody(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

function isChunked(head: MessageHead): boolean {
  return /(^|,)\s*chunked\s*$/.test(fieldOf(head, 'transfer-encoding') ?? '');
}

function contentLength(head: MessageHead): number | undefined {
  const text = fieldOf(head, 'content-length');
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
