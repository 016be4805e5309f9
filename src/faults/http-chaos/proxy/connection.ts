// One client's connection, and ours to the server for it. Messages that no fault matches go through byte for byte and
// as they come; after an upgrade, or when what is said is not HTTP/1, all bytes go through unread.

import type { Socket } from 'node:net';
import type { Clock } from '../../../base/clock.ts';
import { BodyReader, mayHaveBody, requestFraming, responseFraming } from './body.ts';
import { ByteSource, pump, write } from './bytes.ts';
import { changeRequest, changeResponse, fieldsOfBody } from './change.ts';
import {
  parseRequest,
  parseResponse,
  type RequestHead,
  type ResponseHead,
  takeHead,
  valuesOf,
  withField,
  withoutFields,
  writeRequest,
  writeResponse,
} from './head.ts';
import { matchesRequest, matchesResponse } from './match.ts';
import type { HttpRule } from './rules.ts';
import { countHits, delay, passBody, rebody } from './transform.ts';

export interface Sides {
  readonly client: Socket;
  readonly server: Socket;
}

/** An exchange leaves the connection open for the next, or ends it. */
type After = 'next' | 'end';

export class Connection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #fromClient: ByteSource;
  readonly #fromServer: ByteSource;
  readonly #rules: () => readonly HttpRule[];
  readonly #clock: Clock;
  readonly #onUnread: () => void;
  readonly #closed = new AbortController();
  #isFinishing = false;
  /** Between two exchanges. */
  isQuiet = true;
  /** A WebSocket or another protocol that goes through unread: it has no end that could be waited for. */
  isUpgraded = false;

  /** `onUnread` is called when what is said turns out not to be HTTP/1. */
  constructor(
    { client, server }: Sides,
    rules: () => readonly HttpRule[],
    clock: Clock,
    onUnread: () => void,
  ) {
    this.#client = client;
    this.#server = server;
    this.#fromClient = new ByteSource(client);
    this.#fromServer = new ByteSource(server);
    this.#rules = rules;
    this.#clock = clock;
    this.#onUnread = onUnread;
    client.on('close', () => this.#closed.abort());
  }

  /** Resolves when both sides are closed. */
  async run(): Promise<void> {
    try {
      while ((await this.#nextBegins()) && (await this.#exchange()) === 'next') {
        this.isQuiet = true;
        if (this.#isFinishing) break;
      }
      this.end();
    } catch {
      // Whoever broke it, the other side shall see that it broke.
      this.destroy();
    }
  }

  /** Ends it after the answer that is under way, which tells the client so. */
  finish(): void {
    this.#isFinishing = true;
  }

  /** What was written still arrives. */
  end(): void {
    this.#client.destroySoon();
    this.#server.destroySoon();
  }

  destroy(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  /** False when there is nothing more to come, and all is passed on. */
  async #nextBegins(): Promise<boolean> {
    if (this.#fromClient.buffered.length === 0 && this.#fromServer.buffered.length === 0) {
      const first = await Promise.race([
        this.#fromClient.more().then((more) => (more ? 'request' : 'leaving')),
        this.#fromServer.more().then((more) => (more ? 'unasked' : 'gone')),
      ]);
      if (first === 'gone') return false;
      if (first === 'leaving') {
        this.#server.end();
        await pump(this.#fromServer, this.#client);
        return false;
      }
    }
    if (this.#fromServer.buffered.length === 0) return true;
    // A server that speaks first speaks no HTTP, or says good-bye.
    await this.#unread();
    return false;
  }

  async #exchange(): Promise<After> {
    this.isQuiet = false;
    const head = await takeHead(this.#fromClient);
    const request = Buffer.isBuffer(head) ? parseRequest(head) : undefined;
    const framing = request && requestFraming(request.fields);
    if (!request || !framing) return this.#unread(Buffer.isBuffer(head) ? head : undefined);
    const rules = this.#matching('Request', (rule) => matchesRequest(rule.spec, request));
    if (this.#abort(rules)) return 'end';
    await delay(rules, this.#clock, this.#closed.signal);
    const body = new BodyReader(this.#fromClient, framing);
    const { sent, sending } = await this.#request(request, head as Buffer, body, rules);
    // The answer may come before the whole request is sent, and may be all that comes.
    const sentWhole = sending.then(
      () => {
        this.#watchClient();
        return true;
      },
      () => false,
    );
    const after = await this.#answer(request, sent);
    // A server that has said all and left waits for nothing more.
    const left = this.#fromServer.more().then(
      (more) => !more,
      () => true,
    );
    const isWhole = await Promise.race([sentWhole, left.then((gone) => (gone ? false : sentWhole))]);
    return isWhole ? after : 'end';
  }

  /** Begins to send; resolves when it is known what is sent. */
  async #request(
    request: RequestHead,
    raw: Buffer,
    body: BodyReader,
    rules: readonly HttpRule[],
  ): Promise<{ readonly sent: RequestHead; readonly sending: Promise<void> }> {
    if (rules.length === 0) return { sent: request, sending: this.#sendBody([raw], body) };
    const bodyChanges = rules.some(({ spec }) => spec.replace.body ?? spec.patch.body);
    const waits = bodyChanges && valuesOf(request.fields, 'expect').length > 0;
    // The server would ask for the body only after it has the head, which depends on the body.
    if (waits) await write(this.#client, Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'));
    const rebodied = await rebody(body, request.fields, rules);
    let sent: RequestHead = waits ? { ...request, fields: withoutFields(request.fields, 'expect') } : request;
    if (rebodied.content) sent = { ...sent, fields: fieldsOfBody(sent.fields, rebodied.content.length) };
    for (const { spec } of rules) sent = changeRequest(sent, spec);
    countHits(rules, rebodied);
    const pieces = rebodied.content ? [rebodied.content] : rebodied.held;
    return { sent, sending: this.#sendBody([writeRequest(sent), ...pieces], body) };
  }

  async #sendBody(pieces: readonly Buffer[], body: BodyReader): Promise<void> {
    for (const piece of pieces) await write(this.#server, piece);
    try {
      await passBody(body, this.#server);
    } catch (error) {
      // The client went away in the middle of its request: the server shall see that.
      if (this.#client.readableEnded || this.#client.destroyed) this.#server.destroy();
      throw error;
    }
  }

  /** A client that leaves while it waits is followed at once. */
  #watchClient(): void {
    this.#fromClient.more().then(
      (more) => {
        if (!more && !this.#server.destroyed) this.#server.end();
      },
      () => this.#server.destroy(),
    );
  }

  async #answer(request: RequestHead, sent: RequestHead): Promise<After> {
    for (;;) {
      const head = await takeHead(this.#fromServer);
      if (head === undefined) return 'end';
      const response = head === 'foreign' ? undefined : parseResponse(head);
      if (!response) return this.#unread(undefined, head === 'foreign' ? undefined : head);
      const isInterim = response.code < 200 && response.code !== 101;
      if (!isInterim) return this.#final(request, sent, response, head as Buffer);
      await write(this.#client, head as Buffer);
    }
  }

  async #final(request: RequestHead, sent: RequestHead, response: ResponseHead, raw: Buffer): Promise<After> {
    const rules = this.#matching('Response', (rule) => matchesResponse(rule.spec, request, response));
    if (this.#abort(rules)) return 'end';
    await delay(rules, this.#clock, this.#closed.signal);
    const isTunnel = response.code === 101 || (sent.method === 'CONNECT' && response.code < 300);
    const framing = isTunnel
      ? { by: 'none' as const }
      : responseFraming(sent.method, response.code, response.fields);
    const body = new BodyReader(this.#fromServer, framing);
    const isUntouched =
      rules.length === 0 && sent.method === request.method && (isTunnel || !this.#isFinishing);
    if (isUntouched) await write(this.#client, raw);
    else await this.#changedHead(request, response, body, framing.by !== 'none', rules);
    if (isTunnel) {
      this.isUpgraded = true;
      return this.#tunnel();
    }
    await passBody(body, this.#client);
    return framing.by === 'close' || this.#isFinishing ? 'end' : 'next';
  }

  /** Writes the head as the faults change it, and as much of the body as they had to read or replace. */
  async #changedHead(
    request: RequestHead,
    response: ResponseHead,
    body: BodyReader,
    hasBody: boolean,
    rules: readonly HttpRule[],
  ): Promise<void> {
    const rebodied = await rebody(body, response.fields, rules);
    countHits(rules, rebodied);
    let head = response;
    if (rebodied.content) head = { ...head, fields: fieldsOfBody(head.fields, rebodied.content.length) };
    for (const { spec } of rules) head = changeResponse(head, spec);
    if (this.#isFinishing) head = { ...head, fields: withField(head.fields, 'Connection', 'close') };
    const isWanted = request.method !== 'HEAD' && mayHaveBody(head.code);
    // A status or a method that was changed also changes whether the client expects a body.
    if (!mayHaveBody(head.code)) {
      head = { ...head, fields: withoutFields(head.fields, 'content-length', 'transfer-encoding') };
    } else if (isWanted && !hasBody && !rebodied.content) {
      head = { ...head, fields: fieldsOfBody(head.fields, 0) };
    }
    await write(this.#client, writeResponse(head));
    if (!isWanted) {
      while (await body.next());
      return;
    }
    for (const piece of rebodied.content ? [rebodied.content] : rebodied.held)
      await write(this.#client, piece);
  }

  #matching(target: 'Request' | 'Response', matches: (rule: HttpRule) => boolean): HttpRule[] {
    return this.#rules().filter((rule) => rule.spec.target === target && matches(rule));
  }

  /** Whether a fault ends the connection here, without an answer. */
  #abort(rules: readonly HttpRule[]): boolean {
    const aborting = rules.filter(({ spec }) => spec.abort);
    for (const rule of aborting) rule.hits++;
    if (aborting.length > 0) this.destroy();
    return aborting.length > 0;
  }

  #unread(toServer?: Buffer, toClient?: Buffer): Promise<After> {
    this.#onUnread();
    return this.#tunnel(toServer, toClient);
  }

  /** Passes everything on both ways, beginning with what was taken already. */
  async #tunnel(toServer?: Buffer, toClient?: Buffer): Promise<After> {
    this.isQuiet = false;
    if (toServer) await write(this.#server, toServer);
    if (toClient) await write(this.#client, toClient);
    await Promise.all([pump(this.#fromClient, this.#server), pump(this.#fromServer, this.#client)]);
    return 'end';
  }
}
