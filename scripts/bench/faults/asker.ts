// The bench's side of asker-program.ts: when the first question was affected, and when the first was not any more.

import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Monotonic milliseconds, the same for all processes of the machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

const lookEveryMs = 50;
const looksMax = 100;

export type Way = 'udp' | 'tcp' | 'connections' | 'http' | 'kept' | 'dns';

interface Asked {
  readonly atMs: number;
  readonly tookMs?: number;
}

export class Asker {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  /** `prefix` puts it somewhere else, such as into a network namespace. */
  constructor(way: Way, port: number, host = '127.0.0.1', prefix: readonly string[] = []) {
    const file = resolve('scripts/bench/faults/asker-program.ts');
    const asker = [process.execPath, '--import', 'tsx', file, way, String(port), host];
    const [program, ...args] = [...prefix, ...asker];
    this.#child = spawn(program!, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.pid = this.#child.pid!;
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** Resolves when it gets answers; what it asked before is forgotten. */
  async ready(): Promise<void> {
    await this.forget();
    await this.first(monotonicMs(), false, Number.POSITIVE_INFINITY);
    await this.forget();
  }

  /** What is asked from now on is remembered. */
  async forget(): Promise<void> {
    await this.#say('forget');
  }

  async asked(): Promise<readonly Asked[]> {
    return await this.#say('tell');
  }

  /**
   * Milliseconds from `sinceMs` to the first question that was put after it and affected, or not affected: unanswered,
   * or not within `slowMs`. Infinity when there is none for some seconds.
   */
  async first(sinceMs: number, affected: boolean, slowMs: number): Promise<number> {
    const isAffected = ({ tookMs }: Asked) => tookMs === undefined || tookMs >= slowMs;
    for (let looks = 0; looks < looksMax; looks++) {
      await sleep(lookEveryMs);
      // Whether the last ones are answered in time is still to be seen.
      const knownMs = monotonicMs() - (affected ? slowMs : 0);
      const asked = (await this.asked()).filter(({ atMs }) => atMs >= sinceMs && atMs < knownMs);
      const found = asked.find((each) => isAffected(each) === affected);
      if (found) return found.atMs - sinceMs;
    }
    return Number.POSITIVE_INFINITY;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  async #say(line: string): Promise<Asked[]> {
    this.#child.stdin!.write(`${line}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('the asker has ended');
    return JSON.parse(value) as Asked[];
  }
}
