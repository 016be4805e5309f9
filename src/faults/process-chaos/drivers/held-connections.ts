// `connectionsHeld`: connections to the target from this machine, opened and then left alone. One that the target
// closes is opened again. They are ours, and end with us.

import { connect, type Socket } from 'node:net';
import type { Clock } from '../../../base/clock.ts';
import type { ActiveFault, FaultDriver, FaultRequest } from '../../fault.ts';
import { listeningSockets } from '../../targets/process/proc.ts';
import { otherAction } from '../refusal.ts';
import type { ProcessChaosSpec } from '../spec.ts';

const refillEveryMs = 200;
const openMsMax = 5000;
const lookEveryMs = 20;

export const heldConnections: FaultDriver<ProcessChaosSpec> = {
  name: 'held-connections',

  async probe({ spec, target, declared }) {
    if (spec.action !== 'connectionsHeld') return otherAction('holds connections');
    if (target.type !== 'process')
      return { usable: false, reason: `target ${target.name} has no processes`, remedy: 'name a process' };
    if (declared.type === 'command' || listeningSockets(spec.port).length > 0) return { usable: true };
    return { usable: false, reason: `nobody listens on port ${spec.port}`, remedy: 'correct `port`' };
  },

  plan: ({ spec, target }) => ({
    what:
      spec.action === 'connectionsHeld'
        ? `holds ${spec.connections} connections to port ${spec.port} of ${target.name}`
        : `does nothing to ${target.name}`,
    how: 'from this process, over 127.0.0.1; one that the target closes is opened again',
    undo: 'they are closed',
    survivesCrash: 'nothing: they end with Firedrill',
    hits: 'connections that were accepted',
  }),

  undoSteps: async () => [{ type: 'ends-with-owner', what: 'the held connections' }],

  async inject({ spec, clock }: FaultRequest<ProcessChaosSpec>): Promise<ActiveFault> {
    if (spec.action !== 'connectionsHeld') throw new Error(`the probe refuses ${spec.action}`);
    const held = new HeldConnections(spec.port, spec.connections, clock);
    await held.begin();
    return held;
  },
};

class HeldConnections implements ActiveFault {
  readonly #port: number;
  readonly #count: number;
  readonly #clock: Clock;
  readonly #sockets = new Set<Socket>();
  readonly #ending = new AbortController();
  #open = 0;
  #accepted = 0;
  #trouble = 'they are being opened';
  #refilling: Promise<void> = Promise.resolve();

  constructor(port: number, count: number, clock: Clock) {
    this.#port = port;
    this.#count = count;
    this.#clock = clock;
  }

  async begin(): Promise<void> {
    for (let waitedMs = 0; waitedMs < openMsMax && this.#accepted < this.#count; waitedMs += lookEveryMs) {
      this.#refill();
      await this.#clock.sleep(lookEveryMs);
    }
    this.#refilling = this.#keepOpen();
  }

  hits(): number {
    return this.#accepted;
  }

  async missing(): Promise<string | undefined> {
    // A target that closes what is idle defends itself: the fault was in place all the same.
    if (this.#accepted >= this.#count) return undefined;
    return `${this.#open} of ${this.#count} connections are open: ${this.#trouble}`;
  }

  async undo(): Promise<void> {
    this.#ending.abort();
    await this.#refilling;
    for (const socket of this.#sockets) socket.destroy();
    for (let waitedMs = 0; waitedMs < openMsMax && this.#sockets.size > 0; waitedMs += lookEveryMs)
      await this.#clock.sleep(lookEveryMs);
  }

  async verifyUndone(): ReturnType<ActiveFault['verifyUndone']> {
    if (this.#sockets.size > 0)
      return { undone: false, left: [`${this.#sockets.size} connections are open`] };
    return { undone: true, evidence: 'every held connection is closed' };
  }

  async #keepOpen(): Promise<void> {
    for (;;) {
      await this.#clock.sleep(refillEveryMs, this.#ending.signal);
      if (this.#ending.signal.aborted) return;
      this.#refill();
    }
  }

  #refill(): void {
    while (this.#sockets.size < this.#count) {
      const socket = connect({ host: '127.0.0.1', port: this.#port });
      this.#sockets.add(socket);
      let connected = false;
      socket.on('connect', () => {
        connected = true;
        this.#open++;
        this.#accepted++;
      });
      // What the target says is read and thrown away, so that its end is noticed.
      socket.resume();
      socket.on('error', (error) => {
        this.#trouble = error.message;
      });
      socket.on('close', () => {
        if (connected) this.#open--;
        this.#sockets.delete(socket);
      });
    }
  }
}
