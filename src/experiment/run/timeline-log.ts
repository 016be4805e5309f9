// The timeline as it is made: each event goes to the listeners and, at once, to timeline.jsonl, so that a runner that
// is killed leaves everything up to its last moment.

import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import { redactDeep } from '../../base/redact.ts';
import type { EventOf, EventType, TimelineEvent } from '../timeline.ts';

/** An event's own fields, without time and type. */
export type EventBody<T extends EventType> = Omit<EventOf<T>, 'at' | 'type'>;

/** Fields that hold words of ours, which stay readable even where one of them is somebody's password. */
const ownWords = new Set(['type', 'phase', 'status', 'outcome', 'why', 'by', 'kind', 'expect']);

export class TimelineLog {
  readonly events: TimelineEvent[] = [];
  readonly #clock: Clock;
  readonly #secrets: readonly string[];
  readonly #listeners: ((event: TimelineEvent) => void)[] = [];
  readonly #onError: (error: Error) => void;
  #file: number | undefined;

  /** `onError` is told once when the file can no longer be written; events go on in memory. */
  constructor(path: string, clock: Clock, secrets: readonly string[], onError: (error: Error) => void) {
    this.#clock = clock;
    this.#secrets = secrets;
    this.#onError = onError;
    this.#file = openSync(path, 'a', 0o644);
  }

  /** `at` defaults to now; an event that is noticed late carries its own time. */
  emit<T extends EventType>(type: T, body: EventBody<T>, at: number = this.#clock.now()): void {
    const event = { at, type, ...body } as unknown as TimelineEvent;
    this.events.push(event);
    this.#write(event);
    for (const listener of this.#listeners) listener(event);
  }

  subscribe(listener: (event: TimelineEvent) => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #write(event: TimelineEvent): void {
    if (this.#file === undefined) return;
    try {
      writeSync(this.#file, `${JSON.stringify(redactDeep(event, this.#secrets, ownWords))}\n`);
    } catch (error) {
      this.close();
      this.#onError(error as Error);
    }
  }
}

/** Events of a timeline file; a torn last line (the runner was killed while writing) is left out. */
export function readTimeline(path: string): TimelineEvent[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as TimelineEvent];
      } catch {
        return [];
      }
    });
}
