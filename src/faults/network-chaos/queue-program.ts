// The program that holds packets one by one (nfqueue.py). It lies in our own folder, from source as well as built.

import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExtendLease } from '../fault.ts';
import { kernelNamePrefix } from '../kernel/nft-table.ts';
import { type Place, runApart, startIn } from './namespace.ts';
import type { Way } from './selection.ts';
import type { Impairment } from './spec.ts';

const program = fileURLToPath(new URL('./nfqueue.py', import.meta.url));
/** Isolated: nothing of the user's environment or home, nor of installed packages, changes what it does. */
const command = ['python3', '-I', '-S', program];

/** How fast packets leave: a bucket that fills at a rate. */
export interface LineSpeed {
  readonly bytesPerSecond: number;
  readonly burstBytes: number;
  /** 0: as many as come. */
  readonly limitBytes: number;
  readonly peak?: { readonly bytesPerSecond: number; readonly burstBytes: number } | undefined;
}

export interface QueueOrder {
  readonly seed: number;
  readonly directions: readonly Way[];
  readonly effects: Omit<Impairment, 'bytesPerSecond'> & { readonly line?: LineSpeed };
}

interface Counts {
  readonly seen: number;
  /** Packets that were held, dropped, damaged or doubled. */
  readonly hits: number;
  readonly lost: number;
}

/** Bits of a packet's mark: what carries `mark` comes into the queue, a double carries `double`. */
interface Marks {
  readonly mark: number;
  readonly double: number;
}

const startTimeoutMs = 10_000;
const endTimeoutMs = 5000;

export class QueueProgram {
  readonly marks: Marks;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #counts: { current: readonly Counts[] };

  private constructor(child: ChildProcess, marks: Marks, counts: { current: readonly Counts[] }) {
    this.#child = child;
    this.pid = child.pid!;
    this.marks = marks;
    this.#counts = counts;
  }

  /** The lease knows the program before it does anything. Throws what the kernel says against it. */
  static async start(place: Place, order: QueueOrder, extend: ExtendLease): Promise<QueueProgram> {
    const { child, id } = await startIn(place, command);
    const counts = { current: [] as readonly Counts[] };
    const ready = new Promise<Marks>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no word from it')), startTimeoutMs);
      child.once('exit', (code, signal) => reject(new Error(`it ended (${signal ?? code})`)));
      createInterface({ input: child.stdout! }).on('line', (line) => {
        clearTimeout(timer);
        const said = JSON.parse(line) as { ready?: Marks; error?: string; counts?: Record<string, Counts> };
        if (said.counts) counts.current = Object.values(said.counts);
        if (said.ready) resolve(said.ready);
        if (said.error !== undefined) reject(new Error(said.error));
      });
    });
    ready.catch(() => {});
    try {
      await extend([{ type: 'end-tree', process: id }]);
      child.stdin!.write(`${JSON.stringify({ ...order, prefix: kernelNamePrefix })}\n`);
      return new QueueProgram(child, await ready, counts);
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`the packet queue did not start: ${(error as Error).message}`);
    }
  }

  /** Undefined when a queue works here; tried in a network namespace that ends with the trial. */
  static async whyNot(): Promise<string | undefined> {
    const order = { seed: 1, prefix: kernelNamePrefix, directions: ['out', 'in'], effects: {}, probe: true };
    const said = await runApart(command, `${JSON.stringify(order)}\n`).catch((error: Error) => error.message);
    if (said.includes('"ready"')) return undefined;
    return /"error": "([^"]*)"/.exec(said)?.[1] ?? said.trim();
  }

  /** Packets affected, as of some tenths of a second ago. */
  get hits(): number {
    return this.#counts.current.reduce((sum, { hits }) => sum + hits, 0);
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Idempotent. It lets go of what it holds first. */
  async close(): Promise<void> {
    if (this.ended) return;
    // Its last word is read too.
    const exited = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin!.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), endTimeoutMs);
    await exited;
    clearTimeout(timer);
  }
}
