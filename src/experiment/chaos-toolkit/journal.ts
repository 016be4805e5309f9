// The journal of a run in Chaos Toolkit's own format: https://chaostoolkit.org/reference/api/journal/

type JournalStatus = 'completed' | 'failed' | 'aborted' | 'interrupted';

/** One activity as it was played. */
export interface ActivityRun {
  readonly activity: unknown;
  output: unknown;
  readonly start: string;
  status?: 'succeeded' | 'failed';
  /** Lines of Python's traceback there; one line here. */
  exception?: readonly string[];
  end?: string;
  /** Seconds. */
  duration?: number;
  tolerance_met?: boolean;
}

export interface HypothesisState {
  steady_state_met: boolean | null;
  readonly probes: ActivityRun[];
}

export interface Journal {
  readonly 'chaoslib-version': string;
  readonly platform: string;
  readonly node: string;
  readonly experiment: unknown;
  readonly start: string;
  status: JournalStatus | null;
  deviated: boolean;
  readonly steady_states: {
    before: HypothesisState | null;
    after: HypothesisState | null;
    readonly during: HypothesisState[];
  };
  run: ActivityRun[];
  rollbacks: ActivityRun[];
  end?: string;
  /** Seconds. */
  duration?: number;
}

/** As Python writes a time in UTC. */
export function pythonTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000+00:00');
}
