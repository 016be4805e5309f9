// The bench's side of asker-program.ts: when the first question was affected, and when the first was not any more.

import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Monotonic milliseconds, the same for all processes of the machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export type Way = 'udp' | 'tcp' | 'connections' | 'http' | 'kept' | 'dns';

export interface Asked {
  readonly atMs: number;
  readonly tookMs?: number;
}

export class Asker {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(way: Way, port: number) {
    const program = resolve('scripts/bench/faults/asker-program.ts');
    this.#child = spawn(process.execPath, ['--import', 'tsx', program, way, String(port)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.pid = this.#child.pid!;
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** Resolves when it gets answers. */
  async ready(): Promise<void> {
    while (!(await this.asked()).some(({ tookMs }) => tookMs !== undefined)) await sleep(50);
  }

  /** Everything that it asked since the last call. */
  async asked(): Promise<Asked[]> {
    this.#child.stdin!.write('\n');
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('the asker has ended');
    return JSON.parse(value) as Asked[];
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Milliseconds from `sinceMs` to the first question that was put after it and affected, or not affected. */
export function firstAfter(
  asked: readonly Asked[],
  sinceMs: number,
  affected: boolean,
  slowMs: number,
): number | undefined {
  const isAffected = ({ tookMs }: Asked) => tookMs === undefined || tookMs >= slowMs;
  const first = asked.find((each) => each.atMs >= sinceMs && isAffected(each) === affected);
  return first && first.atMs - sinceMs;
}
