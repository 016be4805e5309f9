// A Chaos Toolkit experiment as its runner sees it: checked, every reference to another activity followed, what came
// from the environment put in. `${name}` stands as it was written: it is substituted when an activity is played.

export type ProviderSpec = ProcessProvider | HttpProvider | PythonProvider;

export interface ProcessProvider {
  readonly type: 'process';
  readonly path: string;
  /** A string is for the shell. */
  readonly arguments?: string | readonly unknown[] | Readonly<Record<string, unknown>> | undefined;
  /** Seconds, as every time in this format. */
  readonly timeout?: number | undefined;
}

export interface HttpProvider {
  readonly type: 'http';
  readonly url: string;
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  readonly arguments?: unknown;
  /** For everything, or to connect and between two pieces of the answer. */
  readonly timeout?: number | string | readonly [number, number] | undefined;
  readonly verify_tls?: boolean | undefined;
  readonly max_retries?: number | undefined;
}

export interface PythonProvider {
  readonly type: 'python';
  readonly module: string;
  readonly func: string;
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
  /** Groups of secrets that the function is given. */
  readonly secrets?: readonly string[] | undefined;
}

export type Tolerance = boolean | number | string | readonly unknown[] | ToleranceSpec;

export type ToleranceSpec =
  | { readonly type: 'regex'; readonly pattern: string; readonly target?: string | undefined }
  | {
      readonly type: 'jsonpath';
      readonly path: string;
      readonly target?: string | undefined;
      readonly count?: number | undefined;
      readonly expect?: unknown;
    }
  | {
      readonly type: 'range';
      readonly range: readonly [number, number];
      readonly target?: string | undefined;
    }
  | { readonly type: 'probe'; readonly name: string; readonly provider: ProviderSpec };

/** Seconds, or `${name}`. */
type Pause = number | string;

export interface Activity {
  readonly name: string;
  readonly type: 'probe' | 'action';
  readonly provider: ProviderSpec;
  readonly tolerance: Tolerance | undefined;
  readonly pauses: { readonly before?: Pause | undefined; readonly after?: Pause | undefined };
  readonly background: boolean;
  /** As it stands in the file: the journal repeats it. */
  readonly written: unknown;
}

export const hypothesisStrategies = [
  'default',
  'before-method-only',
  'after-method-only',
  'during-method-only',
  'continuously',
  'skip',
] as const;
export type HypothesisStrategy = (typeof hypothesisStrategies)[number];

export const rollbackStrategies = ['default', 'always', 'never', 'deviated'] as const;
export type RollbackStrategy = (typeof rollbackStrategies)[number];

export type Configuration = Readonly<Record<string, unknown>>;
/** By group, by name. */
export type Secrets = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface ChaosToolkitExperiment {
  readonly title: string;
  /** The whole file, without its secrets. */
  readonly written: Readonly<Record<string, unknown>>;
  readonly hypothesis: { readonly title: string; readonly probes: readonly Activity[] } | undefined;
  readonly method: readonly Activity[];
  readonly rollbacks: readonly Activity[];
  readonly configuration: Configuration;
  /** Values of the configuration that a probe finds out when the run begins, in their order. */
  readonly asked: readonly { readonly name: string; readonly probe: Activity }[];
  readonly secrets: Secrets;
  readonly strategies: {
    readonly hypothesis: HypothesisStrategy;
    readonly rollbacks: RollbackStrategy;
  };
}
