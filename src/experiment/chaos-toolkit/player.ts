// Plays an experiment in the order and with the outcomes of Chaos Toolkit (chaoslib/run.py):
//
//     hypothesis ──met──> method ──> hypothesis ──> rollbacks, as their strategy says
//         └─ not met: no method ────────────────────────┘
//
// The journal grows on the way, and is whole whatever ends the run.

import type { ActivityPart, EventOf } from '../timeline.ts';
import { type ActivityObserver, callProvider, failureOf, playActivity } from './activity-player.ts';
import { type ActivityRun, type HypothesisState, type Journal, pythonTime } from './journal.ts';
import type { Activity, ChaosToolkitExperiment, RollbackStrategy } from './model.ts';
import { ActivityFailed, type ProviderContext } from './providers/provider.ts';
import { checkTolerance } from './tolerance.ts';

type Check = Pick<EventOf<'hypothesis.checked'>, 'when' | 'met' | 'probes'>;

interface PlayerObserver extends ActivityObserver {
  checked(check: Check): void;
  phase(phase: 'baseline' | 'fault' | 'recovery'): void;
}

export interface PlayerOptions {
  readonly experiment: ChaosToolkitExperiment;
  /** For everything but the rollbacks: its `stop` interrupts the experiment. */
  readonly context: ProviderContext;
  /** Ends the rollbacks too. */
  readonly hurry: AbortSignal;
  /** Between two askings of the hypothesis during the method. */
  readonly frequencyMs: number;
  readonly platform: string;
  readonly node: string;
  readonly version: string;
  readonly observer: PlayerObserver;
  /** Whether what interrupted it was an error of ours, and not a wish. */
  isAborted(): boolean;
}

export interface Played {
  readonly journal: Journal;
  /** The hypothesis was not met before the method, which was therefore not played. */
  readonly isUnsteady: boolean;
  readonly rollbacks: 'played' | 'not-played' | 'none';
}

export async function playExperiment(options: PlayerOptions): Promise<Played> {
  return new Player(options).play();
}

/** Of what the journal keeps of askings during the method, in characters; the timeline has them all. */
const duringLengthMax = 16 * 1024 * 1024;

class Player {
  readonly #options: PlayerOptions;
  readonly #journal: Journal;
  readonly #startMs: number;
  #duringLength = 0;

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.#startMs = options.context.clock.now();
    this.#journal = {
      'chaoslib-version': `firedrill ${options.version}`,
      platform: options.platform,
      node: options.node,
      experiment: options.experiment.written,
      start: pythonTime(this.#startMs),
      status: null,
      deviated: false,
      steady_states: { before: null, after: null, during: [] },
      run: [],
      rollbacks: [],
    };
  }

  async play(): Promise<Played> {
    const { experiment, context, observer, isAborted } = this.#options;
    const journal = this.#journal;
    const isAsked = (experiment.hypothesis?.probes.length ?? 0) > 0;
    const strategy = isAsked ? experiment.strategies.hypothesis : 'skip';
    const asksAround = strategy === 'default' || strategy === 'continuously';
    observer.phase('baseline');
    const isSteady = asksAround || strategy === 'before-method-only' ? await this.#isSteady() : true;
    if (isSteady && !context.stop.aborted) {
      observer.phase('fault');
      await this.#method(strategy === 'continuously' || strategy === 'during-method-only');
      observer.phase('recovery');
      if (!context.stop.aborted && (asksAround || strategy === 'after-method-only')) await this.#after();
    }
    if (context.stop.aborted) journal.status = isAborted() ? 'aborted' : 'interrupted';
    const rollbacks = await this.#rollbacks();
    if (context.stop.aborted) journal.status = isAborted() ? 'aborted' : 'interrupted';
    const endMs = context.clock.now();
    journal.end = pythonTime(endMs);
    journal.duration = (endMs - this.#startMs) / 1000;
    journal.status ??= 'completed';
    return { journal, isUnsteady: journal.steady_states.before?.steady_state_met === false, rollbacks };
  }

  async #isSteady(): Promise<boolean> {
    const state = await this.#ask('before');
    this.#journal.steady_states.before = state;
    if (state.steady_state_met) return true;
    this.#journal.status = statusAfter(state);
    return false;
  }

  async #after(): Promise<void> {
    const state = await this.#ask('after');
    this.#journal.steady_states.after = state;
    if (state.steady_state_met || this.#options.context.stop.aborted) return;
    this.#journal.deviated = true;
    this.#journal.status = statusAfter(state);
  }

  async #method(asksDuring: boolean): Promise<void> {
    const { experiment, context } = this.#options;
    const over = new AbortController();
    const during = asksDuring ? this.#askAgain(over.signal) : undefined;
    try {
      await this.#playAll(experiment.method, 'method', context, this.#journal.run);
    } finally {
      over.abort();
      await during;
    }
  }

  /** Background activities are waited for when all others are over. */
  async #playAll(
    activities: readonly Activity[],
    part: ActivityPart,
    context: ProviderContext,
    runs: ActivityRun[],
  ): Promise<void> {
    const background: Promise<unknown>[] = [];
    try {
      for (const activity of activities) {
        if (context.stop.aborted) break;
        const playing = playActivity(activity, part, context, this.#options.observer, runs);
        if (!activity.background) await playing;
        else background.push(playing);
        // What fails in the background is told when it is waited for.
        playing.catch(() => {});
      }
    } finally {
      await Promise.all(background);
    }
  }

  async #askAgain(over: AbortSignal): Promise<void> {
    const { context, frequencyMs } = this.#options;
    const until = AbortSignal.any([over, context.stop]);
    while (!until.aborted) {
      const state = await this.#ask('during');
      this.#duringLength += JSON.stringify(state).length;
      if (this.#duringLength <= duringLengthMax) this.#journal.steady_states.during.push(state);
      await context.clock.sleep(frequencyMs, until);
    }
  }

  /** Ends with the first probe that fails or is out of its tolerance. */
  async #ask(when: Check['when']): Promise<HypothesisState> {
    const { experiment, context, observer } = this.#options;
    const state: HypothesisState = { steady_state_met: null, probes: [] };
    const told: { name: string; met: boolean; reason: string }[] = [];
    for (const probe of experiment.hypothesis!.probes) {
      const { run, reason } = await this.#askProbe(probe);
      state.probes.push(run);
      // An interrupted probe has said nothing.
      if (context.stop.aborted) return state;
      told.push({ name: probe.name, met: run.tolerance_met!, reason });
      if (!run.tolerance_met) break;
    }
    const met = told.every((each) => each.met);
    state.steady_state_met = met;
    observer.checked({ when, met, probes: told });
    return state;
  }

  async #askProbe(probe: Activity): Promise<{ run: ActivityRun; reason: string }> {
    const { context, observer } = this.#options;
    const run = await playActivity(probe, 'hypothesis', context, observer);
    run.tolerance_met = false;
    if (run.status === 'failed') return { run, reason: failureOf(run) };
    try {
      const ask = (provider: Activity['provider']) => callProvider(provider, context);
      const checked = await checkTolerance(probe.tolerance!, run.output, context.variables, ask);
      run.tolerance_met = checked.met;
      return { run, reason: checked.reason };
    } catch (error) {
      // A pattern or a path that is known only now, with its `${name}` put in.
      if (error instanceof ActivityFailed) return { run, reason: error.message };
      return { run, reason: `the tolerance cannot be read: ${(error as Error).message}` };
    }
  }

  async #rollbacks(): Promise<Played['rollbacks']> {
    const { experiment, context, hurry } = this.#options;
    if (experiment.rollbacks.length === 0) return 'none';
    if (!arePlayed(experiment.strategies.rollbacks, this.#journal)) return 'not-played';
    const own = { ...context, stop: hurry };
    await this.#playAll(experiment.rollbacks, 'rollbacks', own, this.#journal.rollbacks);
    return 'played';
  }
}

/** A probe that answered out of its tolerance is an outcome; one that did not answer is a failure. */
function statusAfter({ probes }: HypothesisState): 'completed' | 'failed' {
  return probes.every(({ status }) => status === 'succeeded') ? 'completed' : 'failed';
}

function arePlayed(strategy: RollbackStrategy, { status, deviated }: Journal): boolean {
  if (strategy === 'default') return status !== 'failed' && status !== 'interrupted';
  return strategy === 'always' || (strategy === 'deviated' && deviated);
}
