// An nftables table that ends with its holder. The kernel removes a table with `flags owner` as soon as the process
// that made it is gone (nft(8), TABLES), and lets nobody else change it. The holder is an `nft -i` of ours which reads
// its orders from a pipe: when Firedrill dies, however it dies, the pipe closes, nft ends, and the table with it.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { ownPidNamespace } from '../leases/pid-namespace.ts';
import { identify } from '../targets/process/proc.ts';
import type { ProcessId } from '../targets/target.ts';

/** Everything that Firedrill makes in the kernel begins so. */
export const kernelNamePrefix = 'firedrill_';

/**
 * A name that nobody has: with the pid of its owner, for people, the pid namespace that it counts in, and something
 * random, because pids come again.
 */
export function kernelName(): string {
  return `${kernelNamePrefix}${process.pid}_${namespaceWord()}${randomBytes(4).toString('hex')}`;
}

/** The pid of whoever made an object of ours; undefined for what is not, or was made in another pid namespace. */
export function makerOf(name: string): number | undefined {
  const [, pid, word] = /^firedrill_(\d+)_([0-9a-f]{8})[0-9a-f]{8}$/.exec(name) ?? [];
  return word === namespaceWord() ? Number(pid) : undefined;
}

function namespaceWord(): string {
  return (ownPidNamespace() ?? 0).toString(16).padStart(8, '0');
}

/** nft answers within milliseconds; a machine under load may need longer. */
const answerTimeoutMs = 10_000;
const answerBytesMax = 1 << 20;

export class NftTable {
  readonly name: string;
  /** Whose end is the end of the table: a lease ends it with the step `end-tree`. */
  readonly holder: ProcessId;
  readonly #nft: ChildProcess;
  #answer = '';
  #onAnswer: () => void = () => {};
  #ended = false;
  /** One order at a time. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(name: string, nft: ChildProcess, holder: ProcessId) {
    this.name = name;
    this.holder = holder;
    this.#nft = nft;
    nft.stdout!.on('data', (bytes) => {
      this.#answer = (this.#answer + bytes).slice(-answerBytesMax);
      this.#onAnswer();
    });
    nft.on('exit', () => {
      this.#ended = true;
      this.#onAnswer();
    });
    // Its end is what counts, and that is told above.
    nft.stdin!.on('error', () => {});
  }

  /**
   * Starts the holder, in our network namespace or in that of the process given; the table does not exist until the
   * first `apply`. Throws when nft cannot be started.
   */
  static async start(networkNamespaceOf?: number): Promise<NftTable> {
    const enter = networkNamespaceOf === undefined ? '' : `nsenter --target ${networkNamespaceOf} --net `;
    const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`;
    const nft = spawn('/bin/sh', ['-c', `exec ${enter}nft -i 2>&1`], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, PATH },
      // A session of its own, so that Ctrl-C in a terminal reaches Firedrill only, which then undoes in order.
      detached: true,
    });
    await new Promise((resolve, reject) => {
      nft.once('spawn', resolve);
      nft.once('error', reject);
    });
    const holder = identify(nft.pid!);
    if (!holder) throw new Error('nft ended as soon as it was started');
    return new NftTable(kernelName(), nft, holder);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Makes the table with these chains and rules (statements of nft(8) after `add`), all or none of them. */
  create(statements: readonly string[]): Promise<string> {
    return this.apply([
      `add table inet ${this.name} { flags owner; }`,
      ...statements.map((each) => `add ${each}`),
    ]);
  }

  /** Carries out commands of nft(8), all or none; returns the table as it is then. Throws what nft says against it. */
  apply(commands: readonly string[]): Promise<string> {
    const order = this.#last.then(
      () => this.#order(commands),
      () => this.#order(commands),
    );
    this.#last = order;
    return order;
  }

  /** The table as it is. */
  list(): Promise<string> {
    return this.apply([]);
  }

  /** Idempotent; the table is gone when it resolves. */
  async close(): Promise<void> {
    if (this.#ended) return;
    const exited = new Promise((resolve) => this.#nft.once('exit', resolve));
    this.#nft.stdin!.end();
    const timer = setTimeout(() => this.#nft.kill('SIGKILL'), answerTimeoutMs);
    await exited;
    clearTimeout(timer);
  }

  async #order(commands: readonly string[]): Promise<string> {
    this.#answer = '';
    const lines = commands.length > 0 ? `${commands.join('; ')}\n` : '';
    this.#nft.stdin!.write(`${lines}list table inet ${this.name}\n`);
    await this.#answered();
    const error = /^Error: (.*)$/m.exec(this.#answer)?.[1];
    if (error !== undefined) throw new Error(`nft: ${error}`);
    if (this.#ended)
      throw new Error(`nft ended: ${this.#answer.trim().split('\n').at(-1) || 'no word from it'}`);
    return this.#answer;
  }

  /** The listing that follows each order ends with a brace in the first column; it is an error without a table. */
  #answered(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#nft.kill('SIGKILL'), answerTimeoutMs);
      this.#onAnswer = () => {
        const listed = /^table inet [\s\S]*^\}\n?$/m.test(this.#answer);
        const absent = this.#answer.includes(`list table inet ${this.name}\n`);
        if (!listed && !absent && !this.#ended) return;
        clearTimeout(timer);
        this.#onAnswer = () => {};
        resolve();
      };
      this.#onAnswer();
    });
  }
}

/** Packets that the rules with a counter and a comment have seen, by their comment, from a listing. */
export function countersOf(listing: string): Map<string, number> {
  const packets = new Map<string, number>();
  for (const [, count, comment] of listing.matchAll(/counter packets (\d+) bytes \d+.* comment "([^"]*)"/g))
    packets.set(comment!, (packets.get(comment!) ?? 0) + Number(count));
  return packets;
}
