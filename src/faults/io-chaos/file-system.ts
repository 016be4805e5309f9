// The program that serves a file system over a folder of a target (file-system.py). It lies in our own folder, from
// source as well as built, and lives as long as the target: only the fault in it comes and goes.

import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startIn } from '../network-chaos/namespace.ts';
import type { Launch, ProcessId } from '../targets/target.ts';
import type { IoMethod } from './spec.ts';

const program = fileURLToPath(new URL('./file-system.py', import.meta.url));
/** Isolated: nothing of the user's environment or home changes what it does. */
const python = ['python3', '-I', program] as const;
const privately = ['unshare', '--mount', '--propagation', 'private', '--'] as const;

/** What the program is told; the rest is as in the file. */
export interface FileSystemOrder {
  readonly action: string;
  readonly methods: readonly IoMethod[];
  /** A regular expression for whole paths; undefined: every file. */
  readonly pattern: string | undefined;
  readonly percent: number;
  readonly seed: number;
  readonly [field: string]: unknown;
}

interface Said {
  readonly state?: 'on' | 'off';
  readonly hits?: number;
  readonly trouble?: string;
}

const answerMsMax = 5000;
const endMsMax = 2000;

/** The name that the mounts of a file system have in the kernel, by the folder that is its alone. */
export function sourceOf(folder: string): string {
  return `firedrill_${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
}

export class FileSystem {
  readonly id: ProcessId;
  readonly source: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #waiting: ((said: Said) => void)[] = [];
  #hits = 0;
  #trouble: string | undefined;
  #state: 'on' | 'off' = 'off';

  private constructor(child: ChildProcess, id: ProcessId, folder: string) {
    this.#child = child;
    this.id = id;
    this.#folder = folder;
    this.source = sourceOf(folder);
    createInterface({ input: child.stdout! }).on('line', (line) => this.#hear(JSON.parse(line) as Said));
    child.once('exit', () => {
      for (const answer of this.#waiting.splice(0)) answer({ trouble: 'the file system has ended' });
    });
  }

  /** `folder` is ours alone; the mounts are handed over at a socket in it. */
  static async start(folder: string): Promise<FileSystem> {
    const { child, id } = await startIn(undefined, [...python, 'serve', folder]);
    const fileSystem = new FileSystem(child, id, folder);
    try {
      await fileSystem.#answer('off');
      return fileSystem;
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`the file system did not start: ${(error as Error).message}`);
    }
  }

  /** How a command is started that sees `place` through this file system, each time anew. */
  over(place: string): Launch {
    return { prefix: [...privately, ...python, 'mount', this.#folder, place, this.source, '--'], env: {} };
  }

  async begin(order: FileSystemOrder): Promise<void> {
    await this.#tell({ begin: order }, 'on');
  }

  /** What waits goes on, and from then on everything passes as it is. Idempotent. */
  async end(): Promise<void> {
    if (!this.ended) await this.#tell({ end: true }, 'off');
  }

  /** Calls that were hit, by all faults so far; as of some tenths of a second ago. */
  get hits(): number {
    return this.#hits;
  }

  get state(): 'on' | 'off' {
    return this.#state;
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** When the target is gone. Idempotent. */
  async close(): Promise<void> {
    if (this.ended) return;
    const exited = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin!.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), endMsMax);
    await exited;
    clearTimeout(timer);
  }

  async #tell(words: object, state: 'on' | 'off'): Promise<void> {
    if (this.ended) throw new Error('the file system has ended');
    this.#child.stdin!.write(`${JSON.stringify(words)}\n`);
    await this.#answer(state);
  }

  #answer(state: 'on' | 'off'): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(this.#trouble ?? 'the file system does not answer')),
        answerMsMax,
      );
      const listen = (said: Said) => {
        clearTimeout(timer);
        if (said.state === state) resolve();
        else reject(new Error(said.trouble ?? `the file system says ${said.state}`));
      };
      this.#waiting.push(listen);
    });
  }

  #hear(said: Said): void {
    this.#hits = said.hits ?? this.#hits;
    this.#trouble = said.trouble ?? this.#trouble;
    this.#state = said.state ?? this.#state;
    if (said.state) this.#waiting.shift()?.(said);
  }
}
