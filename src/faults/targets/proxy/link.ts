// One connection through the proxy: the client's socket, ours to the upstream, and a flow each way.

import { connect, type Socket } from 'node:net';
import type { Clock } from '../../../base/clock.ts';
import type { HostPort } from '../host-port.ts';
import { Flow } from './flow.ts';
import type { Budget } from './stage.ts';

/** What a client may say before it is connected on. */
const greetingBytesMax = 64 * 2 ** 10;

export class Link {
  readonly #client: Socket;
  #upstream: Socket | undefined;
  #to: Flow | undefined;
  #from: Flow | undefined;
  #clientWaits = false;

  constructor(client: Socket) {
    this.#client = client;
    client.setNoDelay(true);
    client.on('error', () => {});
  }

  get flows(): { readonly to: Flow; readonly from: Flow } | undefined {
    return this.#to && this.#from && { to: this.#to, from: this.#from };
  }

  /**
   * Keeps the connection from the upstream until `healed`. False when the client gave up before: across a real
   * partition its connection would never have come to be, and nothing of it may reach the upstream later.
   */
  async hold(healed: Promise<void>): Promise<boolean> {
    const client = this.#client;
    const said: Buffer[] = [];
    let saidBytes = 0;
    const listen = (bytes: Buffer) => {
      said.push(bytes);
      saidBytes += bytes.length;
      if (saidBytes >= greetingBytesMax) client.pause();
    };
    client.on('data', listen);
    client.resume();
    const gaveUp = new Promise<void>((resolve) => {
      client.once('end', resolve);
      client.once('close', resolve);
    });
    const waited = await Promise.race([healed.then(() => true), gaveUp.then(() => false)]);
    const alive = waited && !client.destroyed;
    client.pause();
    client.off('data', listen);
    if (alive && said.length > 0) client.unshift(Buffer.concat(said));
    if (!alive) client.destroy();
    return alive;
  }

  open(upstream: HostPort, clock: Clock, budget: Budget, whenClosed: () => void): void {
    const client = this.#client;
    const server = connect({ ...upstream, allowHalfOpen: true, noDelay: true });
    this.#upstream = server;
    this.#to = new Flow(client, server, clock, budget);
    this.#from = new Flow(server, client, clock, budget);
    const onClose = () => {
      if (!client.closed || !server.closed) return;
      this.#to?.discard();
      this.#from?.discard();
      whenClosed();
    };
    client.on('close', onClose);
    server.on('close', onClose);
    client.on('data', () => {
      this.#clientWaits = true;
    });
    server.on('data', () => {
      this.#clientWaits = false;
    });
    client.resume();
  }

  /** Bytes that came from both sides so far; undefined while the client waits for an answer. */
  get restingAt(): number | undefined {
    return this.#clientWaits ? undefined : this.#client.bytesRead + (this.#upstream?.bytesRead ?? 0);
  }

  /** Says good-bye to both sides; what was written still arrives. */
  end(): void {
    this.#client.destroySoon();
    this.#upstream?.destroySoon();
  }

  destroy(): void {
    this.#client.destroy();
    this.#upstream?.destroy();
  }
}
