import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { HostPort } from '../targets/host-port.ts';
import type { Listener, ListenerOptions } from './listener.ts';
import { UdpSession } from './udp-session.ts';

/** UDP knows no end: a client that says and hears nothing for so long has gone. */
const idleMs = 60_000;
const lookEveryMs = 5000;
/** Clients at a time; datagrams of others are lost. */
const sessionsMax = 4096;

export class UdpListener implements Listener {
  readonly #options: ListenerOptions;
  readonly #sessions = new Map<string, UdpSession>();
  readonly #stopping = new AbortController();
  #socket: Socket | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  async start(): Promise<HostPort> {
    const { host, port } = this.#options.listen;
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    socket.bind(port, host);
    await once(socket, 'listening');
    socket.on('message', (datagram, from) => this.#receive(datagram, from));
    // An answer that cannot be delivered, such as one that is too long, is lost.
    socket.on('error', () => {});
    this.#socket = socket;
    void this.#forgetIdle();
    const bound = socket.address();
    return { host: bound.address, port: bound.port };
  }

  async stop(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#stopping.abort();
    for (const [key, session] of this.#sessions) this.#end(key, session);
    if (socket) await new Promise<void>((resolve) => socket.close(resolve));
  }

  #receive(datagram: Buffer, from: RemoteInfo): void {
    const key = `${from.address} ${from.port}`;
    const known = this.#sessions.get(key);
    if (!known && this.#sessions.size >= sessionsMax) return;
    const session = known ?? this.#begin(key, from);
    session.receive(datagram, this.#options.clock.now());
  }

  #begin(key: string, { address: host, port }: RemoteInfo): UdpSession {
    const { upstream, chain, clock, nextNumber } = this.#options;
    const session = new UdpSession(
      nextNumber(),
      { host, port },
      upstream,
      () => clock.now(),
      (answer) => this.#socket?.send(answer, port, host),
    );
    this.#sessions.set(key, session);
    chain.join(session);
    return session;
  }

  #end(key: string, session: UdpSession): void {
    this.#sessions.delete(key);
    this.#options.chain.leave(session);
    session.destroy();
    this.#options.onClosed(session.traffic);
  }

  async #forgetIdle(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    for (;;) {
      await clock.sleep(lookEveryMs, signal);
      if (signal.aborted) return;
      const deadMs = clock.now() - idleMs;
      for (const [key, session] of this.#sessions) if (session.lastAtMs < deadMs) this.#end(key, session);
    }
  }
}
