// Paints frames over each other on a terminal, and leaves the terminal as it found it.

import { createLogUpdate } from 'log-update';
import { redactReport } from '../redact-report.ts';
import { liveFrame } from './frame.ts';
import type { LiveState } from './state.ts';

const frameIntervalMs = 250;
const defaultColumns = 80;
const defaultRows = 24;

export interface LiveViewOptions {
  /** Standard error, so that results on standard output stay clean. */
  readonly stream: NodeJS.WriteStream;
  readonly color: boolean;
  readonly secrets: readonly string[];
  /** The state at this moment. */
  readonly state: () => LiveState;
}

export class LiveView {
  readonly #options: LiveViewOptions;
  readonly #paint: ReturnType<typeof createLogUpdate>;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LiveViewOptions) {
    this.#options = options;
    this.#paint = createLogUpdate(options.stream);
  }

  start(): void {
    if (this.#timer) return;
    this.#frame();
    this.#timer = setInterval(() => this.#frame(), frameIntervalMs);
    // A forgotten view must not keep the process alive.
    this.#timer.unref();
  }

  /** Removes the view and shows the cursor again; what is written next begins on a clean line. Idempotent. */
  stop(): void {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#paint.clear();
    this.#paint.done();
  }

  #frame(): void {
    const { stream, color, secrets, state } = this.#options;
    this.#paint(
      liveFrame(redactReport(state(), secrets), {
        // The last column stays free: some terminals break the line there.
        width: (stream.columns ?? defaultColumns) - 1,
        height: stream.rows ?? defaultRows,
        color,
      }),
    );
  }
}
