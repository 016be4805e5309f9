// The run as it would have gone on had the fault stayed, made once for all alerts and only when one asks.

import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { Experiment } from '../model.ts';
import { Projector } from '../projection/projector.ts';
import type { RunFacts } from './facts.ts';
import type { Window } from './readings.ts';

export interface Held {
  readonly projector: Projector;
  /** The second half of the fault, whose level is held. */
  readonly half: Window;
  readonly untilMs: number;
}

const hourMs = 3_600_000;
/** Looked at one after the other until one is not too much: windows of days are full by then. */
const horizonsMs = [72 * hourMs, 24 * hourMs, 2 * hourMs, 0];

export class HeldRun {
  readonly #experiment: Experiment;
  readonly #facts: RunFacts;
  readonly #recording: Queryable;
  #held: Held | undefined;
  #isMade = false;

  constructor(experiment: Experiment, facts: RunFacts, recording: Queryable) {
    this.#experiment = experiment;
    this.#facts = facts;
    this.#recording = recording;
  }

  /** Undefined where no fault was taken back, and where it would be too much. */
  get(): Held | undefined {
    if (!this.#isMade) this.#held = this.#make();
    this.#isMade = true;
    return this.#held;
  }

  #make(): Held | undefined {
    const { plan, injectedAt, undoingAt, features } = this.#facts;
    if (!plan || injectedAt === null || undoingAt === null || undoingAt <= injectedAt) return undefined;
    const half = {
      fromMs: injectedAt + (undoingAt - injectedAt) / 2,
      toMs: undoingAt,
      stepMs: plan.scrapeIntervalMs,
      features,
    };
    const deadlineMs = Math.max(
      0,
      ...this.#experiment.alerts.map((spec) =>
        Math.max(spec.firesWithinMs ?? 0, spec.notifies?.withinMs ?? 0),
      ),
    );
    for (const horizonMs of horizonsMs) {
      // A deadline counts from the breach, which may be as late as the undo.
      const untilMs = undoingAt + Math.max(horizonMs, deadlineMs);
      const projector = new Projector({
        ...{ recording: this.#recording, levelFromMs: half.fromMs, undoneAtMs: undoingAt, untilMs, features },
        expressions: plan.alerts.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
        recordings: plan.recordings ?? [],
      });
      if (!projector.held.isTooMuch) return { projector, half, untilMs };
    }
    return undefined;
  }
}
